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

"""Says why an interface does not meet a condition."""

from collections.abc import Iterator, Sequence
import dataclasses

from osc_port_iface.api import errors
from osc_port_iface.api import network
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import cache_diff
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import server_state
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import records


@dataclasses.dataclass(frozen=True)
class Reason:
    """Why an interface does not meet the condition.

    :ivar why: What is wrong with it.
    :ivar what: The interface; None if the reason concerns the whole server.
    :ivar is_lasting: Whether it will stay wrong.
    """

    why: str
    what: str | None = None
    is_lasting: bool = False


def label(row: records.Interface | findings.Finding) -> str:
    """Name an interface, for the ``what`` of a reason."""
    if row.port_id is None:
        return row.mac_address or ''
    return f'{row.port_id} ({row.mac_address})'


def of_difference(difference: findings.Finding) -> Reason:
    """Return the reason that a difference in Nova's cache is."""
    return Reason(difference.code.summary, label(difference))


def of_floating_ips(
    api: network.NetworkApi,
    server: records.Server,
    interfaces: Sequence[records.Interface],
) -> Iterator[Reason]:
    """List where Nova's cache and Neutron disagree about floating IPs.

    :param server: The server, which is settled, with details.
    :param interfaces: Those that are waited for.
    :raises errors.ApiError: Neutron could not be asked.
    """
    ports = [
        records.Port(
            interface.port_id,
            interface.network_id or '',
            interface.mac_address,
            interface.fixed_ips,
        )
        for interface in interfaces
        if interface.port_id
    ]
    found = names.all_rows(
        api.list(neutron.FLOATING_IPS, 'port_id', [port.id for port in ports])
    )
    for finding in cache_diff.judge_floating_ips(server, ports, found):
        yield Reason(
            _('floating IPs: %(expected)s expected, but %(actual)s')
            % {'expected': finding.expected, 'actual': finding.actual},
            label(finding),
        )


def of_hosts(
    api: network.NetworkApi,
    server: records.Server,
    interfaces: Sequence[records.Interface],
) -> Iterator[Reason]:
    """List the ports that are not bound on the host of the server.

    If a port has several bindings, Neutron shows the host of the active one.

    :param server: The server, which is settled, with details.
    :param interfaces: Those that are waited for.
    :raises errors.Forbidden: The caller may not see the hosts.
    :raises errors.ApiError: Neutron could not be asked.
    """
    if server.status == server_state.OFF_HOST:
        yield Reason(
            _('it is on no host while its status is %s')
            % server_state.OFF_HOST,
            is_lasting=True,
        )
        return
    if server.host is None:
        raise _hidden()
    ids = [interface.port_id or '' for interface in interfaces]
    ports = {
        port.id: port
        for port in names.all_rows(api.list(neutron.PORTS, 'id', ids))
    }
    for interface in interfaces:
        port = ports.get(interface.port_id or '')
        is_lasting = port is not None and port.vif_type == 'binding_failed'
        if port is None:
            why = _('Neutron does not show its port')
        elif not port.shows_binding:
            raise _hidden()
        elif not port.is_wired_on_host:
            continue
        elif is_lasting:
            why = _('its port could not be bound')
        elif port.host != server.host or port.vif_type == 'unbound':
            why = _('its port is not bound to the host of its server')
        elif port.migrating_to:
            why = _('its port is about to move')
        else:
            continue
        yield Reason(why, label(interface), is_lasting)


def _hidden() -> errors.Forbidden:
    return errors.Forbidden(
        _('Port bindings are visible to administrators only')
    )
