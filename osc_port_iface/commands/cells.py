# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Cells that are readable in a table and keep their structure in JSON."""

from collections.abc import Iterable, Sequence
import dataclasses
import datetime
import functools
from typing import Any, Self, TYPE_CHECKING

from cliff import columns

from osc_port_iface import addresses
from osc_port_iface.commands import terminal
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.journal import timestamps
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import security_rules
from osc_port_iface import printable
from osc_port_iface import records

# The class is generic only in newer releases of cliff.
if TYPE_CHECKING:
    _Cell = columns.FormattableColumn[Any]
else:
    _Cell = columns.FormattableColumn

# The formats that keep a structure. All others show text, one line per row.
STRUCTURED_FORMATS = frozenset({'json', 'yaml'})


class Cell(_Cell):
    """What a table shows in one place; every release of cliff can sort it.

    There may be millions, so it has what it is made from, and little else.
    """

    def __init__(
        self,
        texts: Iterable[str],
        structure: object,
        order: Any = None,
        joint: str = ',',
    ) -> None:
        """Make a cell.

        :param texts: Its texts, which may be untrusted.
        :param structure: What structured formats show.
        :param order: What it is sorted by, or a function that returns it; by
            default, the texts.
        :param joint: What stands between the texts in one line.
        """
        super().__init__(structure)
        self._texts = tuple(texts)
        self._order = order
        self._joint = joint

    @property
    def texts(self) -> list[str]:
        """What it shows, each a line of its own on a terminal, safe for it."""
        return list(map(printable.escape, self._texts))

    def human_readable(self) -> str:
        return self._joint.join(self.texts)

    def __lt__(self, other: object) -> bool:
        return isinstance(other, Cell) and bool(self._key() < other._key())

    def _key(self) -> Any:
        if self._order is None:
            return self.texts
        return self._order() if callable(self._order) else self._order

    def as_text(self, joint: str | None = None) -> Self:
        """Return the same cell for formats that show text.

        :param joint: What stands between the texts in tables, if not the same
            as elsewhere.
        """
        structure = self.human_readable()
        joint = self._joint if joint is None else joint
        return type(self)(self._texts, structure, self._order, joint)


def _text(value: object) -> str:
    return '' if value is None else str(value)


# Most rows have the same hosts, networks and states as others.
@functools.lru_cache(8192)
def text(value: str | None) -> Cell:
    """Show a text."""
    return Cell([_text(value)], value, value or '')


@functools.lru_cache(1024)
def number(value: int | str | None) -> Cell:
    """Show a number, or a text where the API allows a range."""
    shown = _text(value)
    # A range sorts after the number it begins with.
    order = (len(shown.partition(':')[0]), shown)
    return Cell([shown], int(shown) if shown.isdecimal() else value, order)


@functools.cache
def flag(value: bool | None) -> Cell:
    """Show True or False."""
    return Cell([_text(value)], value, (value is not None, value or False))


def time(value: datetime.datetime | None) -> Cell:
    """Show a time in UTC, as Neutron writes it (ISO 8601)."""
    if value is None:
        return Cell([''], None, lambda: 0.0)
    shown = value.astimezone(datetime.UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
    return Cell([shown], shown, value.timestamp)


def exact_time(value: datetime.datetime) -> Cell:
    """Show a time of a journal, as a user can give it back."""
    return text(timestamps.as_text(value))


def duration(seconds: float | None) -> Cell:
    """Show a duration, to people in its two largest units."""
    if seconds is None:
        return Cell([''], None, lambda: -1.0)
    hours, minutes = divmod(int(seconds) // 60, 60)
    days, hours = divmod(hours, 24)
    shown = _('%(days)dd %(hours)dh') if days else _('%(hours)dh %(minutes)dm')
    shown %= {'days': days, 'hours': hours, 'minutes': minutes}
    return Cell([shown], int(seconds), lambda: seconds)


def items(values: Sequence[int | str | None] | None) -> Cell:
    """Show several values, ordered as a list; none if that is None.

    One that is unknown is null in structured formats and empty in text.
    """
    if not values:
        return _NO_ITEMS
    return Cell(
        map(_text, values),
        list(values),
        lambda: [(value is not None, value or 0) for value in values],
    )


_NO_ITEMS = Cell((), [], list)


def _fields(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(row) for row in rows]


def fixed_ips(rows: Sequence[records.FixedIP]) -> Cell:
    """Show fixed IPs, ordered as addresses, not as text."""
    shown = [row.ip_address for row in rows]
    return Cell(
        shown, _fields(rows), lambda: list(map(addresses.ip_order, shown))
    )


def port_forwardings(
    found: Sequence[tuple[records.FloatingIP, records.PortForwarding]],
) -> Cell:
    """Show the ports that floating IPs forward to an interface.

    Written in text as ``203.0.113.5:2201->10.0.0.5:22/tcp``.
    """
    return Cell(
        [row.of(floating_ip.address) for floating_ip, row in found],
        [
            {
                'floating_ip_address': floating_ip.address,
                'protocol': row.protocol,
                'external_port': port_number(row.external_port),
                'internal_ip_address': row.internal_ip_address,
                'internal_port': port_number(row.internal_port),
            }
            for floating_ip, row in found
        ],
    )


def port_number(text: str | None) -> int | str | None:
    """Write a port as the API does: a number, or a range as text."""
    return int(text) if text and text.isdecimal() else text


def address_pair(pair: records.AddressPair | None) -> Cell:
    """Show an allowed address pair, marked if it allows any address."""
    if pair is None:
        return Cell([''], None)
    shown = pair.ip_address
    return Cell(
        [_('%s (any address)') % shown if pair.is_any_address else shown],
        {
            'ip_address': pair.ip_address,
            'mac_address': pair.mac_address,
            'any_address': pair.is_any_address,
        },
    )


def address_pairs(pairs: Sequence[records.AddressPair] | None) -> Cell:
    """Show allowed address pairs, such as ``10.0.0.9@fa:16:3e:00:00:01``."""
    shown = (
        '@'.join(filter(None, (pair.ip_address, pair.mac_address)))
        for pair in pairs or ()
    )
    return Cell(shown, _fields(pairs or ()))


def subports(rows: Sequence[records.Subport] | None) -> Cell:
    """Show the subports of a trunk, such as ``101=<port ID>``."""
    shown = (
        row.port_id
        if row.segmentation_id is None
        else f'{row.segmentation_id}={row.port_id}'
        for row in rows or ()
    )
    return Cell(shown, _fields(rows or ()))


def traffic(found: security_rules.Traffic | None) -> Cell:
    """Show which traffic may pass an interface."""
    if found is None:
        return Cell([''], None)
    allowed = _ALLOWED.get(found, 'rules')
    return Cell(
        [_SENTENCES[found]], {'allowed': allowed, 'reason': found.value}
    )


_Traffic = security_rules.Traffic

_ALLOWED = {
    _Traffic.PORT_SECURITY_OFF: 'everything',
    _Traffic.NO_GROUPS: 'nothing',
    _Traffic.NO_RULES: 'nothing',
}

_SENTENCES = {
    _Traffic.PORT_SECURITY_OFF: _('Everything: port security is off'),
    _Traffic.NO_GROUPS: _(
        'Nothing but ARP, DHCP and IPv6 neighbor discovery: no security group '
        'is set'
    ),
    _Traffic.NO_RULES: _(
        'Nothing but ARP, DHCP and IPv6 neighbor discovery: the security '
        'groups have no rules'
    ),
    _Traffic.STATEFUL_RULES: _('What the rules allow, and replies to it'),
    _Traffic.STATELESS_RULES: _(
        'What the rules allow; replies need rules as well (stateless)'
    ),
}


def rules(found: Sequence[security_rules.EffectiveRule]) -> Cell:
    """Show security group rules, one per line, with their parts aligned.

    A line reads ``ingress IPv4 tcp 22:22 from 192.0.2.0/24 (ssh)``.
    """
    lines = [map(printable.escape, _parts(row)) for row in found]
    columns = [
        terminal.aligned(parts)
        for parts in zip(*lines, strict=True)
        # A part that no rule has takes up no space.
        if any(parts)
    ]
    texts = (' '.join(line).rstrip() for line in zip(*columns, strict=True))
    return Cell(texts, list(map(_rule, found)), joint='\n')


def _rule(effective: security_rules.EffectiveRule) -> dict[str, Any]:
    rule = effective.rule
    return {
        'direction': rule.direction,
        'ethertype': rule.ethertype,
        'protocol': rule.protocol,
        'port_range_min': rule.port_range_min,
        'port_range_max': rule.port_range_max,
        'remote_ip_prefix': _network(rule),
        'remote_group_id': rule.remote_group_id,
        'remote_group_name': _name(effective.remote_group),
        'remote_address_group_id': rule.remote_address_group_id,
        'remote_address_group_name': _name(effective.address_group),
        'security_groups': [
            {
                'id': row.group.id,
                'name': row.group.name,
                'stateful': row.group.is_stateful,
                'rule_id': row.rule_id,
            }
            for row in effective.group_rules
        ],
    }


def _parts(effective: security_rules.EffectiveRule) -> list[str]:
    rule = effective.rule
    groups = dict.fromkeys(
        row.group.name or row.group.id for row in effective.group_rules
    )
    return [
        rule.direction,
        rule.ethertype or '',
        rule.protocol or _('any'),
        _port_range(rule),
        _('to') if rule.direction == 'egress' else _('from'),
        _remote(effective),
        f'({", ".join(groups)})',
    ]


def _port_range(rule: records.SecurityGroupRule) -> str:
    """Write the ports as ``openstack security group rule list`` does.

    Unlike there, ICMP type 0 is not left out.
    """
    first, last = rule.port_range_min, rule.port_range_max
    if flows.is_icmp(flows.number(rule.protocol)):
        # A type and a code.
        kind = '' if first is None else f'type={first}'
        return kind if last is None else f'{kind}:code={last}'
    ends = [end for end in (first, last) if end is not None]
    return f'{ends[0]}:{ends[-1]}' if ends else ''


def _remote(effective: security_rules.EffectiveRule) -> str:
    rule = effective.rule
    if group := _name(effective.remote_group) or rule.remote_group_id:
        return _('group %s') % group
    if group := _name(effective.address_group) or rule.remote_address_group_id:
        return _('address group %s') % group
    return _network(rule) or ''


def _network(rule: records.SecurityGroupRule) -> str | None:
    return str(rule.remote_network) if rule.remote_network else None


def _name(
    group: records.SecurityGroup | records.AddressGroup | None,
) -> str | None:
    return group.name if group else None
