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

import dataclasses
import datetime
from typing import Any, TYPE_CHECKING

from cliff import columns
import wcwidth

from osc_port_iface import addresses
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import security_rules
from osc_port_iface import printable
from osc_port_iface import records

# The class is generic only in newer releases of cliff.
if TYPE_CHECKING:
    Cell = columns.FormattableColumn[Any]
else:
    Cell = columns.FormattableColumn

# The formats that keep a structure. All others show text, one line per row.
STRUCTURED_FORMATS = frozenset({'json', 'yaml'})


def _text(value: object) -> str:
    """Write a value as text that is safe for a terminal."""
    return '' if value is None else printable.escape(str(value))


class _OrderedCell(Cell):
    """A cell that every release of cliff can sort."""

    def _sort_key(self) -> Any:
        raise NotImplementedError

    def __lt__(self, other: object) -> bool:
        return isinstance(other, type(self)) and (
            self._sort_key() < other._sort_key()
        )


class _TextsCell(_OrderedCell):
    """A cell made of untrusted texts, which order it, too."""

    def texts(self) -> list[str]:
        """Return the texts to show, made safe for a terminal."""
        raise NotImplementedError

    def human_readable(self) -> str:
        return ','.join(self.texts())

    def _sort_key(self) -> Any:
        return self.texts()


class _ScalarCell(_TextsCell):
    """One value; empty, and sorted first, if there is none."""

    _value: Any

    def texts(self) -> list[str]:
        return [_text(self.machine_readable())]

    def _sort_key(self) -> Any:
        return self._value is not None, self._value or 0


class TextCell(_ScalarCell):
    """One text."""

    _value: str | None

    def _sort_key(self) -> Any:
        return self._value or ''


class NumberCell(_ScalarCell):
    """A number, or a text where the API allows a range."""

    _value: int | str | None

    def _sort_key(self) -> tuple[int, str]:
        text = _text(self._value)
        # A range sorts after the number it begins with.
        return len(text.partition(':')[0]), text


class FlagCell(_ScalarCell):
    """True or False."""

    _value: bool | None


class TimeCell(_ScalarCell):
    """A time in UTC, as Neutron writes it (ISO 8601)."""

    _value: datetime.datetime | None

    def machine_readable(self) -> str | None:
        if self._value is None:
            return None
        moment = self._value.astimezone(datetime.UTC)
        return moment.strftime('%Y-%m-%dT%H:%M:%SZ')

    def _sort_key(self) -> tuple[bool, Any]:
        return self._value is not None, self._value and self._value.timestamp()


class DurationCell(_ScalarCell):
    """A duration in seconds, shown to people in its two largest units."""

    _value: float | None

    def texts(self) -> list[str]:
        if self._value is None:
            return ['']
        minutes = int(self._value) // 60
        days, hours = minutes // 1440, minutes // 60 % 24
        if days:
            return [_('%(days)dd %(hours)dh') % {'days': days, 'hours': hours}]
        return [
            _('%(hours)dh %(minutes)dm')
            % {'hours': hours, 'minutes': minutes % 60}
        ]

    def machine_readable(self) -> int | None:
        return None if self._value is None else int(self._value)


class ListCell(_TextsCell):
    """Several values, ordered as a list.

    One that is unknown is null in structured formats and empty in text.
    """

    _value: tuple[int | str | None, ...]

    def texts(self) -> list[str]:
        return list(map(_text, self._value))

    def machine_readable(self) -> list[int | str | None]:
        return list(self._value)

    def _sort_key(self) -> list[tuple[bool, Any]]:
        return [(value is not None, value or 0) for value in self._value]


class _RecordsCell(_TextsCell):
    """Several records that structured formats show with their fields."""

    _value: tuple[Any, ...]

    def machine_readable(self) -> list[dict[str, Any]]:
        return [dataclasses.asdict(record) for record in self._value]


class FixedIPsCell(_RecordsCell):
    """The fixed IPs of an interface, ordered as addresses, not as text."""

    _value: tuple[records.FixedIP, ...]

    def texts(self) -> list[str]:
        return [_text(fixed_ip.ip_address) for fixed_ip in self._value]

    def _sort_key(self) -> list[tuple[int, int]]:
        return [addresses.ip_order(row.ip_address) for row in self._value]


class PortForwardingsCell(_TextsCell):
    """The ports that floating IPs forward to an interface.

    Written in text as ``203.0.113.5:2201->10.0.0.5:22/tcp``.
    """

    _value: tuple[records.FloatingIP, ...]

    def texts(self) -> list[str]:
        return [
            printable.escape(row.of(floating_ip.address))
            for floating_ip in self._value
            for row in floating_ip.port_forwardings
        ]

    def machine_readable(self) -> list[dict[str, str | int | None]]:
        return [
            {
                'floating_ip_address': floating_ip.address,
                'protocol': row.protocol,
                'external_port': port_number(row.external_port),
                'internal_ip_address': row.internal_ip_address,
                'internal_port': port_number(row.internal_port),
            }
            for floating_ip in self._value
            for row in floating_ip.port_forwardings
        ]


def port_number(text: str | None) -> int | str | None:
    """Write a port as the API does: a number, or a range as text."""
    return int(text) if text and text.isdecimal() else text


class AddressPairCell(_TextsCell):
    """An allowed address pair, marked if it allows any address."""

    _value: tuple[records.AddressPair | None, bool]

    def texts(self) -> list[str]:
        pair, is_any_address = self._value
        if pair is None:
            return ['']
        text = printable.escape(pair.ip_address)
        return [_('%s (any address)') % text if is_any_address else text]

    def machine_readable(self) -> dict[str, str | bool | None] | None:
        pair, is_any_address = self._value
        if pair is None:
            return None
        return {
            'ip_address': pair.ip_address,
            'mac_address': pair.mac_address,
            'any_address': is_any_address,
        }


class AddressPairsCell(_RecordsCell):
    """Allowed address pairs, such as ``10.0.0.100@fa:16:3e:00:00:01``."""

    _value: tuple[records.AddressPair, ...]

    def texts(self) -> list[str]:
        return [
            printable.escape(
                '@'.join(filter(None, (pair.ip_address, pair.mac_address)))
            )
            for pair in self._value
        ]


class SubportsCell(_RecordsCell):
    """The subports of a trunk, such as ``101=<port ID>``."""

    _value: tuple[records.Subport, ...]

    def texts(self) -> list[str]:
        return [
            '='.join(
                _text(part)
                for part in (subport.segmentation_id, subport.port_id)
                if part is not None
            )
            for subport in self._value
        ]


class TrafficCell(_TextsCell):
    """The traffic that may pass an interface, as a sentence or a structure."""

    _value: security_rules.Traffic | None

    def texts(self) -> list[str]:
        return [_TRAFFIC[self._value][1] if self._value else '']

    def machine_readable(self) -> dict[str, str] | None:
        if self._value is None:
            return None
        return {
            'allowed': _TRAFFIC[self._value][0],
            'reason': self._value.value,
        }


_TRAFFIC = {
    security_rules.Traffic.PORT_SECURITY_OFF: (
        'everything',
        _('Everything: port security is off'),
    ),
    security_rules.Traffic.NO_GROUPS: (
        'nothing',
        _(
            'Nothing but ARP, DHCP and IPv6 neighbor discovery: no security '
            'group is set'
        ),
    ),
    security_rules.Traffic.NO_RULES: (
        'nothing',
        _(
            'Nothing but ARP, DHCP and IPv6 neighbor discovery: the security '
            'groups have no rules'
        ),
    ),
    security_rules.Traffic.STATEFUL_RULES: (
        'rules',
        _('What the rules allow, and replies to it'),
    ),
    security_rules.Traffic.STATELESS_RULES: (
        'rules',
        _('What the rules allow; replies need rules as well (stateless)'),
    ),
}


class RulesCell(_TextsCell):
    """Security group rules, one per line, with their parts aligned.

    A line reads ``ingress IPv4 tcp 22:22 from 192.0.2.0/24 (ssh)``.
    """

    _value: tuple[security_rules.EffectiveRule, ...]

    def human_readable(self) -> str:
        return '\n'.join(self.texts())

    def texts(self) -> list[str]:
        lines = [
            [printable.escape(part) for part in _parts(effective)]
            for effective in self._value
        ]
        widths = [
            max(map(wcwidth.wcswidth, column))
            for column in zip(*lines, strict=True)
        ]
        # A part that no rule has takes up no space.
        return [
            ' '.join(
                part + ' ' * (width - wcwidth.wcswidth(part))
                for part, width in zip(line, widths, strict=True)
                if width
            ).rstrip()
            for line in lines
        ]

    def machine_readable(self) -> list[dict[str, Any]]:
        return [
            {
                'direction': effective.rule.direction,
                'ethertype': effective.rule.ethertype,
                'protocol': effective.rule.protocol,
                'port_range_min': effective.rule.port_range_min,
                'port_range_max': effective.rule.port_range_max,
                'remote_ip_prefix': _network(effective.rule),
                'remote_group_id': effective.rule.remote_group_id,
                'remote_group_name': _name(effective.remote_group),
                'remote_address_group_id': (
                    effective.rule.remote_address_group_id
                ),
                'remote_address_group_name': _name(effective.address_group),
                'security_groups': [
                    {
                        'id': origin.group.id,
                        'name': origin.group.name,
                        'stateful': origin.group.is_stateful,
                        'rule_id': origin.rule_id,
                    }
                    for origin in effective.origins
                ],
            }
            for effective in self._value
        ]


def _parts(effective: security_rules.EffectiveRule) -> list[str]:
    rule = effective.rule
    groups = dict.fromkeys(
        origin.group.name or origin.group.id for origin in effective.origins
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
    if first is None and last is None:
        return ''
    return f'{last if first is None else first}:' + str(
        first if last is None else last
    )


def _remote(effective: security_rules.EffectiveRule) -> str:
    rule = effective.rule
    if rule.remote_group_id:
        return _('group %s') % (
            _name(effective.remote_group) or rule.remote_group_id
        )
    if rule.remote_address_group_id:
        return _('address group %s') % (
            _name(effective.address_group) or rule.remote_address_group_id
        )
    return _network(rule) or ''


def _network(rule: records.SecurityGroupRule) -> str | None:
    return str(rule.remote_network) if rule.remote_network else None


def _name(
    group: records.SecurityGroup | records.AddressGroup | None,
) -> str | None:
    return group.name if group else None


class AsText(_OrderedCell):
    """Another cell as text formats show it, ordered as that cell."""

    _value: Cell

    def human_readable(self) -> str:
        return self._value.human_readable()

    def machine_readable(self) -> str:
        return self._value.human_readable()

    def lines(self) -> list[str]:
        """Return the lines of the cell in a table for people."""
        if isinstance(self._value, _TextsCell):
            return self._value.texts()
        return [self._value.human_readable()]

    def _sort_key(self) -> Cell:
        return self._value


class AsLines(AsText):
    """Another cell as text, with one line per text in a table."""

    def human_readable(self) -> str:
        return '\n'.join(self.lines())
