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

"""Plans the repair of findings: the requests, or why there are none.

Nothing is sent here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
import dataclasses
import enum

from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings as health_findings
from osc_port_iface.interfaces.health import ports as health_ports
from osc_port_iface.interfaces.health import server_state
from osc_port_iface import records

Finding = health_findings.Finding

SEE_FINDINGS = _("see 'Findings' in the documentation of osc-port-iface")


class Action(enum.StrEnum):
    """What is done. Scripts rely on the values."""

    REFRESH = 'refresh-cache'
    TOUCH = 'update-port'
    BIND = 'bind-port'
    BOUNCE = 'bounce-port'
    RELEASE = 'release-port'
    DELETE = 'delete-port'
    DELETE_BINDING = 'delete-binding'


@dataclasses.dataclass(frozen=True)
class Options:
    """What the user allows.

    :ivar bounce: Whether ports may be disabled for a moment.
    :ivar orphans: What to do with ports without a server: ``DELETE``,
        ``RELEASE``, or nothing.
    :ivar port_ids: The ports that the user has named; all if empty.
    """

    bounce: bool = False
    orphans: Action | None = None
    port_ids: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True)
class Repair:
    """What is done about findings, in one go.

    :ivar findings: The findings; several only if they are of one cache.
    :ivar action: What is done; None if nothing is.
    :ivar calls: The requests, in order.
    :ivar event: Sent if the requests have no effect.
    :ivar undo: The requests that make good a repair that breaks off after
        its first request, in order.
    :ivar reason: Why nothing is done.
    :ivar needs: The option that allows the repair, if one does.
    """

    findings: tuple[Finding, ...]
    action: Action | None = None
    calls: tuple[writing.PlannedCall, ...] = ()
    event: writing.PlannedCall | None = None
    undo: tuple[writing.PlannedCall, ...] = ()
    reason: str | None = None
    needs: str | None = None

    @property
    def only_undoes(self) -> bool:
        """Whether it makes good one that was interrupted."""
        return bool(self.calls) and self.calls == self.undo

    def calls_for(self, finding: Finding) -> tuple[writing.PlannedCall, ...]:
        """Return the requests that are sent for one of the findings."""
        return tuple(
            call
            for call in (*self.calls, self.event)
            if call and call.port_id in (None, finding.port_id)
        )


# A repair, or why there is none.
_Decision = Repair | str


@dataclasses.dataclass(frozen=True)
class Plan:
    """Everything to be done, and everything that is not.

    :ivar repairs: The repairs, in the order in which they are done.
    :ivar unrepaired: The findings that are not repaired.
    """

    repairs: Sequence[Repair]
    unrepaired: Sequence[Repair]

    @property
    def rows(self) -> list[tuple[Finding, Repair]]:
        """What is done about each finding, in the order of the findings."""
        return sorted(
            (
                (finding, repair)
                for repair in (*self.repairs, *self.unrepaired)
                for finding in repair.findings
            ),
            key=lambda row: row[0].order,
        )

    @property
    def count(self) -> int:
        """The number of findings to be repaired."""
        return sum(len(repair.findings) for repair in self.repairs)


def make(
    findings: Sequence[Finding],
    writer: writing.Writer,
    options: Options,
    users: Mapping[str, str],
    ports: Iterable[records.Port],
) -> Plan:
    """Make a plan.

    Caches are refreshed first, as other findings depend on them.

    :param findings: The confirmed findings.
    :param writer: Makes the requests; none is sent.
    :param options: What the user allows.
    :param users: Why ports must be kept or not be bound, by their IDs.
    :param ports: All ports that were checked.
    """
    by_server = records.grouped(ports, lambda port: port.device_id)
    planner = _Planner(writer, options, users, by_server)
    of_cache, others, left = [], [], []
    for repair in map(planner.repair, findings):
        if repair.action is None:
            left.append(repair)
        elif repair.action in (Action.REFRESH, Action.TOUCH):
            of_cache.append(repair)
        else:
            others.append(repair)
    return Plan([*_refreshes(of_cache, writer), *others], left)


def _refreshes(
    repairs: Iterable[Repair], writer: writing.Writer
) -> Iterator[Repair]:
    """Combine the cache refreshes of each server.

    If one of them needs an event, an event repairs them all.
    """
    for found in records.grouped(
        repairs, lambda repair: repair.findings[0].server_id
    ).values():
        findings = tuple(row for repair in found for row in repair.findings)
        server = findings[0].server
        event = (
            writer.refresh_cache(server, _tags(findings))
            if server and server.host
            else None
        )
        if event and any(row.action is Action.REFRESH for row in found):
            yield Repair(findings, Action.REFRESH, (event,))
            continue
        calls: list[writing.PlannedCall] = []
        for repair in found:
            calls += (call for call in repair.calls if call not in calls)
        yield Repair(findings, Action.TOUCH, tuple(calls), event)


def _tags(findings: Iterable[Finding]) -> Iterable[str | None]:
    """Return the ports of an event; None for the ports in the cache."""
    tags = [
        None if finding.code in codes.OF_WHOLE_CACHE else finding.port_id
        for finding in findings
    ]
    # Entries that are gone are dropped before anything is added.
    return dict.fromkeys(sorted(tags, key=lambda tag: tag is not None))


@dataclasses.dataclass(frozen=True)
class _Planner:
    """Decides about one finding at a time."""

    writer: writing.Writer
    options: Options
    users: Mapping[str, str]
    by_server: Mapping[str | None, Sequence[records.Port]]

    def repair(self, finding: Finding) -> Repair:
        """Decide what to do about a finding."""
        found = self._decide(finding)
        if isinstance(found, Repair):
            return found
        return Repair((finding,), reason=found)

    def _decide(self, finding: Finding) -> _Decision:
        """Return the repair of a finding, or why there is none."""
        if self.writer.only_reads:
            return _("a reader cannot repair it: it needs the role 'member'")
        if problem := self._unreadable_port(finding):
            return problem
        if finding.code in codes.OF_CACHE:
            return self._refresh(finding)
        if finding.port is None:
            return _('the port is not known')
        if finding.code in codes.OF_HOST:
            return self._bind(finding, finding.port)
        if finding.code is codes.Code.STALE_BINDING:
            return self._unbind(finding, finding.port)
        if finding.code is codes.Code.PORT_DOWN:
            return self._bounce(finding, finding.port)
        if finding.code is codes.Code.NOT_ATTACHED:
            return self._detach(finding, finding.port)
        if finding.code in codes.WITHOUT_SERVER:
            return self._clear_orphan(finding, finding.port)
        return _('it is not repaired automatically; %s') % SEE_FINDINGS

    def _refresh(self, finding: Finding) -> _Decision:
        """Refresh the cache by an update of the port, or else by an event.

        Neutron notifies Nova of an update. The events API is for services.
        """
        server, port = finding.server, finding.port
        is_missing = finding.code is codes.Code.MISSING_FROM_CACHE
        if is_missing and server and not server.cache:
            return _(
                'the cache is empty and no event fills it: unshelve the '
                'server if it is shelved, attach an interface, then repair '
                'again'
            )
        if finding.lacking_ip:
            return _(
                "the floating IP leads to an address that the port does not "
                "have: use 'openstack floating ip set'"
            )
        has_host = bool(server and server.host)
        if port and port.shows_binding and not has_host:
            return _('the server is on no host to refresh its cache')
        is_of_port = finding.code not in codes.OF_WHOLE_CACHE
        if is_of_port and port and port.is_for_server:
            calls = (self.writer.touch_port(port),)
            return Repair((finding,), Action.TOUCH, calls)
        if has_host:
            return Repair((finding,), Action.REFRESH)
        return _(
            "only an event for Nova repairs it, which needs the role 'admin' "
            "or 'service'"
        )

    def _unreadable_port(self, finding: Finding) -> str | None:
        """Say which port Nova must not read to repair a finding.

        Neutron notifies Nova of each update of a port. Often, only the cache
        shows that a port had fixed IPs, and which. A port that a repair has
        left disabled is enabled all the same.
        """
        ports: Sequence[records.Port] = ()
        if finding.code in codes.OF_WHOLE_CACHE:
            ports = self.by_server.get(finding.server_id, ())
        elif finding.port:
            is_down = finding.code is codes.Code.PORT_DOWN
            if not (is_down and finding.port.is_half_bounced):
                ports = [finding.port]
        for port in ports:
            if (
                finding.server
                and health_ports.is_cached(finding.server, port)
                and health_ports.has_lost_fixed_ips(finding.server, port)
            ):
                return (
                    _(
                        "port %s has lost its fixed IPs: give them back first "
                        "with 'openstack port set --fixed-ip "
                        "ip-address=<address> <port>'"
                    )
                    % port.id
                )
        return None

    def _bind(self, finding: Finding, port: records.Port) -> _Decision:
        server = finding.server
        if not port.is_wired_on_host:
            return _('Ironic binds it')
        if server is None or not server.host:
            return _('the server is on no host')
        if is_moving(server, port):
            return _('the server is about to move')
        if reason := self.users.get(port.id):
            return reason
        bind = self.writer.bind_port(port, server.host)
        return Repair((finding,), Action.BIND, (bind,))

    def _unbind(self, finding: Finding, port: records.Port) -> _Decision:
        """Delete the bindings that a migration has left behind."""
        if not self.writer.is_service:
            return (
                _(
                    "it needs the role 'service'; or run "
                    "'neutron-remove-duplicated-port-bindings --port %s' on a "
                    "Neutron host"
                )
                % port.id
            )
        delete = self.writer.delete_binding
        calls = tuple(delete(port, host) for host in finding.stale_hosts)
        return Repair((finding,), Action.DELETE_BINDING, calls)

    def _bounce(self, finding: Finding, port: records.Port) -> _Decision:
        if not self.options.bounce:
            reason = _('only with --bounce, which interrupts any traffic')
            return Repair((finding,), reason=reason, needs='--bounce')
        disabled = dataclasses.replace(port, admin_state_up=False)
        begin = (
            self.writer.mark(port),
            self.writer.enable_port(port, False),
        )
        end = (
            self.writer.enable_port(disabled, True),
            self.writer.unmark(port),
        )
        calls = end if port.is_half_bounced else begin + end
        return Repair((finding,), Action.BOUNCE, calls, undo=end)

    def _detach(self, finding: Finding, port: records.Port) -> _Decision:
        if port.device_owner and not port.is_for_server:
            return _('the port belongs to %s') % port.device_owner
        is_known_to_nova = port.is_for_server or (
            finding.server and health_ports.is_cached(finding.server, port)
        )
        if is_known_to_nova and port.id not in self.options.port_ids:
            return _('Nova may have plugged it in: name the port with --port')
        release = self.writer.release_port(port, with_host=False)
        return Repair((finding,), Action.RELEASE, (release,))

    def _clear_orphan(self, finding: Finding, port: records.Port) -> _Decision:
        """Delete or release a port without a server."""
        if self.options.orphans is None:
            reason = _('only with --delete-orphans or --release-orphans')
            return Repair((finding,), reason=reason, needs='--delete-orphans')
        is_release = self.options.orphans is Action.RELEASE
        has_device = port.device_id or port.device_owner or port.host
        if is_release and not has_device:
            return _('it belongs to no device')
        if use := self.users.get(port.id):
            return use
        release = self.writer.release_port(port, port.shows_binding)
        if is_release:
            return Repair((finding,), Action.RELEASE, (release,))
        calls = [self.writer.delete_port(port)]
        if port.is_for_server and not port.shows_binding:
            # Neutron does not let a member delete the port of a server, even
            # if the server is gone (policy delete_port of Neutron 29).
            calls.insert(0, release)
        return Repair((finding,), Action.DELETE, tuple(calls))


def is_moving(server: records.Server, port: records.Port) -> bool:
    """Return whether a server is being changed or leaves its host."""
    return bool(
        server.task_state
        or server.status in server_state.MOVING
        or port.migrating_to
    )
