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

"""Who is behind this address? Exactly, and every one of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
import dataclasses
import logging

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import network
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import facts
from osc_port_iface.interfaces import server_lookup
from osc_port_iface import printable
from osc_port_iface import records

LOG = logging.getLogger(__name__)

_FLOATING_IP_OWNER = 'network:floatingip'


@dataclasses.dataclass(frozen=True, slots=True)
class Match:
    """One thing that has the address.

    :ivar query: What was looked for.
    :ivar matched_as: ``fixed-ip``, ``floating-ip``, ``mac-address`` or
        ``port``.
    :ivar port: The port; None for a floating IP that leads to none.
    :ivar floating_ip: The floating IP, if that is what matched.
    :ivar server: The server; None where something else owns the port, or
        nothing does.
    """

    query: addresses.Address
    matched_as: str
    port: records.Port | None
    floating_ip: records.FloatingIP | None = None
    server: records.Server | None = None

    @property
    def server_id(self) -> str | None:
        """The server that the port was made for, existing or not."""
        return self.port.server_id if self.port else None


_Answer = records.Answer[Match]
_Wanted = Mapping[str, addresses.Address]


def find(
    cloud: api_cloud.Cloud,
    queries: Sequence[addresses.Address],
    needed: facts.Fact,
) -> _Answer:
    """Find the owners of addresses.

    The requests are as many as the addresses fill URLs, and those that
    :func:`server_lookup.look_up` needs.

    :param cloud: Neutron, which knows the ports, and Nova, which knows the
        servers.
    :param queries: The addresses, each once.
    :param needed: What has to be known of the owners.
    :returns: Every match, in the order of the queries.
    :raises errors.ApiError: Neutron did not answer.
    """
    answer = _in_order(queries, _find_ports(cloud.network, queries))
    if facts.Fact.SERVER & needed:
        servers = _add_servers(cloud, answer.rows)
        answer.rows = servers.rows
        answer.failures += servers.failures
        answer.notices += servers.notices
    return answer


def distinct(queries: Iterable[addresses.Address]) -> list[addresses.Address]:
    """Drop what is asked for a second time, in whatever spelling."""
    found: dict[tuple[addresses.Kind, str], addresses.Address] = {}
    for query in queries:
        found.setdefault((query.kind, query.value), query)
    return list(found.values())


def unmatched(
    cloud: api_cloud.Cloud,
    queries: Iterable[addresses.Address],
    matches: Sequence[Match],
) -> list[str]:
    """Say which addresses matched nothing, and where they were looked for.

    Neutron is asked once more where no port shows how much the caller sees.

    :returns: A line for each.
    """
    matched = {match.query for match in matches}
    missing = [query for query in queries if query not in matched]
    everywhere = _shows_everything(matches)
    if missing and not any(match.port for match in matches):
        try:
            everywhere = cloud.network.shows_bindings()
        except errors.ApiError as error:
            LOG.info(error)
    if everywhere:
        LOG.info(_('Searched all projects.'))
        text = _("'%s' matches nothing in any project")
    else:
        LOG.info(_('Searched what this project can see.'))
        text = _("'%s' matches nothing in what this project can see")
    return [text % printable.escape(query.text) for query in missing]


def _shows_everything(matches: Iterable[Match]) -> bool:
    """Tell whether Neutron shows what it shows to administrators only."""
    return any(match.port and match.port.shows_binding for match in matches)


def _in_order(
    queries: Iterable[addresses.Address], answer: _Answer
) -> _Answer:
    found: dict[addresses.Address, list[Match]] = {}
    for match in answer.rows:
        found.setdefault(match.query, []).append(match)
    return dataclasses.replace(
        answer,
        rows=[match for query in queries for match in found.get(query, ())],
    )


def _find_ports(
    api: network.NetworkApi, queries: Iterable[addresses.Address]
) -> _Answer:
    by_kind: dict[addresses.Kind, dict[str, addresses.Address]] = {
        kind: {} for kind in addresses.Kind
    }
    for query in queries:
        by_kind[query.kind][query.value] = query
    ips = by_kind[addresses.Kind.IP_ADDRESS]
    macs = by_kind[addresses.Kind.MAC_ADDRESS]
    ids = by_kind[addresses.Kind.PORT]
    floating_ips = _with_floating_ips(api, ips)
    whole = records.Answer(floating_ips.rows, floating_ips.failures)
    translated = {match.query for match in floating_ips.rows}
    answer = api.ports_with_fixed_ips(ips)
    whole.failures += answer.failures
    for port in _sorted(answer.rows):
        for fixed_ip in port.fixed_ips:
            asked = ips.get(_canonical(fixed_ip.ip_address))
            # A floating IP has a port of its own outside, which is no other
            # owner of the address.
            if asked and not (
                port.device_owner == _FLOATING_IP_OWNER and asked in translated
            ):
                whole.rows.append(Match(asked, 'fixed-ip', port))
    answer = api.ports_with_mac_addresses(macs)
    whole.failures += answer.failures
    for port in _sorted(answer.rows):
        asked = macs[(port.mac_address or '').lower()]
        whole.rows.append(Match(asked, 'mac-address', port))
    answer = api.ports(ids)
    whole.failures += answer.failures
    for port in _sorted(answer.rows):
        whole.rows.append(Match(ids[port.id], 'port', port))
    return whole


def _with_floating_ips(api: network.NetworkApi, queries: _Wanted) -> _Answer:
    # Neutron has floating IPs of version 4 only.
    answer = api.floating_ips(
        address for address in queries if ':' not in address
    )
    ports = api.ports(
        dict.fromkeys(row.port_id for row in answer.rows if row.port_id)
    )
    by_id = {port.id: port for port in ports.rows}
    return records.Answer(
        [
            Match(
                queries[row.address],
                'floating-ip',
                by_id.get(row.port_id or ''),
                row,
            )
            for row in sorted(
                answer.rows, key=lambda row: (row.address, row.id)
            )
        ],
        answer.failures + ports.failures,
    )


def _canonical(ip_address: str) -> str:
    return str(addresses.parse_ip_address(ip_address))


def _sorted(ports: Iterable[records.Port]) -> list[records.Port]:
    return sorted(ports, key=lambda port: port.id)


def _add_servers(cloud: api_cloud.Cloud, matches: Sequence[Match]) -> _Answer:
    answer = server_lookup.look_up(
        cloud.compute,
        (match.server_id for match in matches if match.server_id),
        _shows_everything(matches),
    )
    servers = {server.id: server for server in answer.rows}
    rows = [
        dataclasses.replace(match, server=servers.get(match.server_id or ''))
        for match in matches
    ]
    return records.Answer(rows, answer.failures, list(_gone(rows)))


def _gone(matches: Iterable[Match]) -> Iterator[str]:
    for match in matches:
        if match.port and match.server_id and not match.server:
            text = (
                _('Port %(port)s: its server %(server)s does not exist')
                if match.port.shows_binding
                else _(
                    'Port %(port)s: its server %(server)s does not exist, or '
                    'is not in this project'
                )
            )
            yield text % {'port': match.port.id, 'server': match.server_id}
