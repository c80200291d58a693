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

"""The plan of ``repair`` as a person reads it."""

from collections.abc import Iterator
from collections import Counter
import json

from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.repair import plan as plans

Action = plans.Action

_SENTENCES = {
    Action.TOUCH: _('let Nova read it again, by an update of the port'),
    Action.REFRESH: _('let Nova read it again, by an event'),
    Action.BIND: _('bind the port to %(host)s'),
    Action.BOUNCE: _('disable and enable the port'),
    Action.RELEASE: _('release the port'),
    Action.DELETE: _('delete the port'),
    Action.DELETE_BINDING: _('delete its other bindings'),
}

_REREADS_CACHE = _(
    'Nova reads the other interfaces in the cache of the server again as well'
)

# What the user should know before approving a repair, by the finding or the
# action.
_WARNINGS = {
    codes.Code.MISSING_FROM_CACHE: _(
        'it goes to the end of the cache, so it is the last NIC after the '
        'next hard reboot; from now on, Nova deletes the port together with '
        'the server'
    ),
    codes.Code.MAC_DIFFERS: _('the guest has the old one until a hard reboot'),
    codes.Code.ONLY_IN_CACHE: _(
        'the guest keeps the device until its next start; %s'
    )
    % _REREADS_CACHE,
    codes.Code.DUPLICATE_IN_CACHE: _REREADS_CACHE,
    codes.Code.HOST_DIFFERS: _(
        'make sure that the guest no longer runs on the host that the port is '
        'bound to now'
    ),
    Action.BIND: _(
        'if the guest has no network afterwards, hard reboot the server to '
        'plug the device in again'
    ),
    Action.BOUNCE: _('if the port carries traffic, the traffic stops'),
    Action.RELEASE: _('a server that uses the port loses it'),
    Action.DELETE: _('a deleted port cannot be restored'),
}


def lines(
    plan: plans.Plan, look: lookup.Lookup, with_requests: bool
) -> Iterator[str]:
    """Describe a plan, line by line.

    :param plan: The plan.
    :param look: What is known of the networks.
    :param with_requests: Whether to show the requests in full.
    """
    warnings = Counter[str]()
    for finding, repair in plan.rows:
        yield sentence(finding, repair, look)
        for call in repair.calls_for(finding) if with_requests else ():
            line = request_line(call)
            if call == repair.event:
                line = _('if that has no effect: %s') % line
            yield f'    {line}'
        # To enable a port again stops no traffic.
        if repair.action and not repair.only_undoes:
            warnings.update(
                _WARNINGS[kind]
                for kind in (finding.code, repair.action)
                if kind in _WARNINGS
            )
    for warning, count in warnings.items():
        note = _('Note for %(count)d of them: %(warning)s')
        yield note % {'count': count, 'warning': warning}
    yield summary(plan)


def sentence(
    finding: plans.Finding,
    repair: plans.Repair,
    look: lookup.Lookup | None = None,
) -> str:
    """Say what is done about a finding, and to which interface."""
    port, name = finding.port, [finding.server_name or finding.server_id]
    if port and finding.server is None:
        name = [_('port %s') % port.id, port.name]
    if look and (network := look.network(finding)):
        name.append(network.name)
    name += [fixed_ip.ip_address for fixed_ip in finding.fixed_ips]
    if not finding.fixed_ips:
        name.append(finding.mac_address or finding.port_id)
    what = repair.reason
    if repair.action:
        host = finding.server.host if finding.server else ''
        what = _SENTENCES[repair.action] % {'host': host}
    if repair.only_undoes:
        what = _('enable the port')
    if repair.event:
        what = _('%s, or else by an event') % what
    named = ', '.join(filter(None, name))
    return f'{named}: {finding.code} ({finding.actual}): {what}'


def summary(plan: plans.Plan) -> str:
    """Say how many findings can be repaired, and what the others may need.

    What uses a port is looked up only with ``--delete-orphans``.
    """
    line = _('%(count)d of %(all)d findings can be repaired') % {
        'count': plan.count,
        'all': plan.count + len(plan.unrepaired),
    }
    if needs := sorted({row.needs for row in plan.unrepaired if row.needs}):
        line = _('%(line)s; others may need %(options)s') % {
            'line': line,
            'options': ', '.join(needs),
        }
    return f'{line}.'


def request_line(call: writing.PlannedCall) -> str:
    """Return a request as one line."""
    line = f'{call.method} {call.path}'
    if call.body is not None:
        line += f' {json.dumps(call.body)}'
    return line


def progress(number: int, count: int, repair: plans.Repair) -> str:
    """Say which repair of a plan is being done."""
    return _('Step %(number)d of %(count)d: %(what)s') % {
        'number': number,
        'count': count,
        'what': sentence(repair.findings[0], repair),
    }
