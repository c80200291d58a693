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

"""Judges what is at an end: its server, its port, and its address."""

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import steps
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface import records

# Nova's states in which a server answers (``nova/api/openstack/common.py``).
# In others, it may, unless its power state says that it does not run.
_RUNNING = frozenset({'ACTIVE', 'MIGRATING', 'PASSWORD', 'VERIFY_RESIZE'})
# Paused, shut down, crashed and suspended (``nova/compute/power_state.py``).
_POWERED_OFF = frozenset({3, 4, 6, 7})

# What a router answers at its own addresses, by the version of IP: requests
# for echo and, in IPv6, for routers and neighbors. OVN drops all else, which
# ``ovn-trace`` shows.
_ANSWERED = {
    4: flows.types(flows.ICMP, 8),
    6: flows.types(flows.ICMPV6, 128, 133, 135),
}


def judge(
    known: surroundings.Surroundings, end: surroundings.End
) -> list[steps.Step]:
    """Judge whether the server and the port of an end are up.

    Also judge whether the port may send from the address of the end.

    :returns: Nothing if the end has no port.
    """
    port = end.port
    if port is None:
        return []
    if port.load_balancer_id:
        reason = _('port %(row)s is of a load balancer, which is not judged')
        found = [steps.judged(steps.UNKNOWN, 'port', port, reason)]
    elif port.is_of_neutron:
        found = [_port(known, port)]
    else:
        found = [_server(known, port), _port(known, port)]
    if not port.has_address(end.address):
        found.append(_sender(end, port))
    return found


def judge_accepted(
    known: surroundings.Surroundings, end: surroundings.End
) -> list[steps.Step]:
    """Judge what the destination accepts, if that is a router itself."""
    port = end.port
    if port is None or not port.is_of_router:
        return []
    text = _('%(address)s is of a router, which answers only ping')
    reason = steps.say(text, address=end.address)
    router = known.routers.get(port.device_id or '', port)
    passes = _ANSWERED[end.network.version]
    verdict, text = known.judge_router(port.device_id)
    values = {'id': port.device_id, 'router': router}
    return [
        steps.judged(verdict, 'router', router, text, **values),
        steps.Step('router', router, passes, passes, reason),
    ]


def _sender(end: surroundings.End, port: records.Port) -> steps.Step:
    """Judge whether a port may send from an address that is not its own."""
    address = end.network.network_address
    pairs = [pair for pair in port.address_pairs if pair.covers(address)]
    verdict = steps.BLOCKED
    text = _('port %(row)s may not send from %(address)s')
    # With OVN, and for some pairs with Open vSwitch, the MAC address counts.
    own = (None, port.mac_address)
    if port.port_security_enabled is False or any(
        pair.mac_address in own for pair in pairs
    ):
        verdict, text = steps.ALLOWED, _('the server has %(address)s')
    elif pairs or not port.is_filtered:
        verdict = steps.UNKNOWN
        text = _('whether port %(row)s may send from %(address)s is not known')
    return steps.judged(
        verdict, 'anti-spoofing', port, text, address=end.address
    )


def _server(
    known: surroundings.Surroundings, port: records.Port
) -> steps.Step:
    """Judge the server of a port, or of its parent port."""
    plugged = known.plugged_port(port)
    if plugged.server_id is None:
        verdict, reason = steps.BLOCKED, _('port %(row)s is not plugged in')
        if plugged.device_id or plugged.is_subport:
            verdict = steps.UNKNOWN
            reason = _('what has port %(row)s cannot be read')
        return steps.judged(verdict, 'server', port, reason)
    server = known.servers.get(
        plugged.server_id, records.Server(plugged.server_id)
    )
    verdict, reason = steps.UNKNOWN, _('server %(row)s is %(status)s')
    if server.status is None:
        reason = _('server %(row)s cannot be read')
    elif server.power_state in _POWERED_OFF:
        verdict = steps.BLOCKED
        reason = _('server %(row)s does not run (%(status)s)')
    elif server.status in _RUNNING:
        verdict, reason = steps.ALLOWED, ''
    status = server.status
    return steps.judged(verdict, 'server', server, reason, status=status)


def _port(known: surroundings.Surroundings, port: records.Port) -> steps.Step:
    verdict, reason = steps.BLOCKED, None
    parent = known.plugged_port(port)
    if port.admin_state_up is False:
        reason = _('port %(row)s is disabled')
    elif not port.is_of_neutron:
        if port.vif_type in ('binding_failed', 'unbound'):
            reason = _('port %(row)s is not bound to a host')
        elif port.status in ('BUILD', 'DOWN', 'ERROR'):
            reason = _('port %(row)s is %(status)s')
            if port.status == 'BUILD':
                verdict = steps.UNKNOWN
    if not reason and parent.admin_state_up is False and not known.is_of_ovn:
        verdict = steps.UNKNOWN
        reason = _(
            'parent port %(parent)s of subport %(row)s is disabled, which '
            'some drivers ignore'
        )
    if reason:
        values = {'status': port.status, 'parent': parent}
        return steps.judged(verdict, 'port', port, reason, **values)
    notes = (
        steps.say(
            _('%(agent)s on %(host)s is down; ports stay as they were'),
            agent=agent.kind,
            host=agent.host,
        )
        for agent in known.agents
        if agent.host == port.host and agent.is_alive is False
    )
    return steps.Step('port', port, assumptions=tuple(notes))
