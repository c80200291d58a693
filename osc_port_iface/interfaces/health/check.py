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

"""Checks that Nova and Neutron agree on the interfaces of servers.

A few cheap listings are searched for suspicions. A suspicion is reported only
if reading everything again confirms it, with no change under way.
"""

from collections.abc import Iterable, Sequence
import dataclasses
import time

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import bindings
from osc_port_iface.interfaces.health import cache_diff
from osc_port_iface.interfaces.health import causes
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import confirm
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import floating_ips
from osc_port_iface.interfaces.health import ownerless
from osc_port_iface.interfaces.health import ports as health_ports
from osc_port_iface.interfaces.health import snapshot
from osc_port_iface.interfaces.health import trunks
from osc_port_iface.interfaces.listing import views
from osc_port_iface import records

# Seconds between the sweep and the confirmation, as Neutron's notifications
# take a moment to reach Nova.
SETTLING = 3.0


@dataclasses.dataclass(frozen=True)
class CheckRequest:
    """What to check.

    :ivar names_or_ids: The servers; all in the scope if empty.
    :ivar scope: The servers to look among.
    :ivar codes: The findings to look for.
    :ivar is_explicit: Whether the user named the findings.
    :ivar keep: Which ports without a server not to report.
    :ivar has_causes: Whether to find the causes of the findings.
    """

    names_or_ids: tuple[str, ...] = ()
    scope: compute.ServerScope = dataclasses.field(
        default_factory=compute.ServerScope
    )
    codes: snapshot.Codes = codes.USUAL
    is_explicit: bool = False
    keep: ownerless.Keep = dataclasses.field(default_factory=ownerless.Keep)
    has_causes: bool = True

    @property
    def beyond_selection(self) -> snapshot.Codes:
        """The findings that need at least all servers of a project.

        Otherwise, a port might seem to be an orphan only because its server
        was not selected.
        """
        is_part = self.names_or_ids or self.scope.host or self.scope.status
        return self.codes & codes.WITHOUT_SERVER if is_part else frozenset()


@dataclasses.dataclass
class CheckResult(confirm.ConfirmResult):
    """The findings, and what was checked.

    :ivar codes: The findings that were looked for.
    :ivar servers: The servers that were checked.
    :ivar ports: The ports that were checked.
    """

    codes: snapshot.Codes = frozenset()
    servers: Sequence[records.Server] = ()
    ports: Sequence[records.Port] = ()


def check(
    cloud: api_cloud.Cloud, request: CheckRequest, progress: views.Progress
) -> CheckResult:
    """Compare the views of many servers.

    Without drift, this costs a few listings. Each suspicious server costs a
    few requests more.

    :param cloud: The services.
    :param request: What to check.
    :param progress: Shows progress, if each server is asked for.
    :returns: The confirmed findings. If something could not be looked for,
        there is a failure, or a notice if the caller lacks the rights.
    :raises errors.ApiError: The servers could not be listed.
    """
    beyond = request.beyond_selection
    swept = snapshot.take(
        cloud,
        request.names_or_ids,
        request.scope,
        request.codes - beyond,
        progress,
    )
    suspicions = [
        finding
        for finding in _suspect(swept, request.keep)
        if finding.code in swept.codes
    ]
    found = confirm.ConfirmResult([])
    if suspicions:
        time.sleep(SETTLING)
        found = confirm.confirm(
            cloud, suspicions, request.keep, swept.has_network
        )
    if request.has_causes and found.rows and swept.has_network:
        explained = causes.explain(cloud, found.rows)
        found.rows = explained.rows
        found.notices += explained.notices
    return CheckResult(
        found.rows,
        [*swept.failures, *found.failures],
        [
            *swept.notices,
            *(_beyond(beyond) if request.is_explicit else ()),
            *found.notices,
        ],
        found.unjudged,
        swept.codes,
        swept.servers,
        [*swept.ports, *swept.others],
    )


def _beyond(found: snapshot.Codes) -> Iterable[str]:
    if found:
        yield _(
            'Not looked for, as it needs all servers of a project: %s'
        ) % codes.joined(found)


def _suspect(
    swept: snapshot.Snapshot, keep: ownerless.Keep
) -> Iterable[findings.Finding]:
    if not swept.has_network:
        for server in swept.servers:
            if server.id in swept.interfaces:
                yield from cache_diff.judge(
                    server, swept.interfaces[server.id]
                )
        return
    ports: dict[str | None, list[records.Port]] = {}
    for port in swept.ports:
        ports.setdefault(port.device_id, []).append(port)
    subports = {port.id: port for port in swept.subports}
    by_port: dict[str | None, list[records.FloatingIP]] = {}
    for floating_ip in swept.floating_ips:
        by_port.setdefault(floating_ip.port_id, []).append(floating_ip)
    for server in swept.servers:
        own = ports.get(server.id, [])
        yield from health_ports.judge(server, own)
        yield from cache_diff.judge(
            server, [port.as_interface() for port in own], own
        )
        yield from floating_ips.of_server(
            server,
            own,
            [row for port in own for row in by_port.get(port.id, ())],
        )
        yield from trunks.of_server(server, own, swept.trunks, subports)
        for port in own:
            if port.id in swept.with_second_binding:
                yield bindings.suspicion(server, port)
    yield from health_ports.judge_mac_addresses(swept.servers, swept.ports)
    yield from _suspect_ports(swept, keep)


def _suspect_ports(
    swept: snapshot.Snapshot, keep: ownerless.Keep
) -> Iterable[findings.Finding]:
    ids = {server.id for server in swept.servers}
    yield from ownerless.half_released(swept.others, keep)
    yield from ownerless.orphans(ids, swept.others, keep)
    if codes.Code.UNUSED_PORT in swept.codes:
        yield from ownerless.unused(
            swept.others, swept.neighbours, swept.floating_ips, keep
        )
    if codes.Code.ADDRESS_CLAIMED in swept.codes:
        yield from ownerless.claims(
            swept.ports, swept.neighbours, swept.servers
        )
