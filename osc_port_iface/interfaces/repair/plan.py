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

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import enum
from typing import Any

from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings as health_findings
from osc_port_iface.interfaces.health import server_state
from osc_port_iface.interfaces.repair import port_users
from osc_port_iface import records

Finding = health_findings.Finding

# Repaired by an update of the port of which Neutron notifies Nova, or by an
# event with the ID of the port.
_OF_PORT = frozenset(
    {
        codes.Code.MISSING_FROM_CACHE,
        codes.Code.ADDRESS_DIFFERS,
        codes.Code.MAC_DIFFERS,
        codes.Code.FLOATING_IP_DIFFERS,
    }
)

# Repaired by an event without a port ID.
_OF_WHOLE_CACHE = frozenset(
    {codes.Code.ONLY_IN_CACHE, codes.Code.DUPLICATE_IN_CACHE}
)

# Repaired by binding the port to another host.
_OF_HOST = frozenset(
    {
        codes.Code.UNBOUND,
        codes.Code.HOST_DIFFERS,
        codes.Code.BINDING_FAILED,
    }
)

# What the user should know before approving a repair.
_WARNINGS = {
    codes.Code.MISSING_FROM_CACHE: _(
        'it goes to the end of the cache, so it is the last NIC after the '
        'next hard reboot; from now on, Nova deletes the port together with '
        'the server'
    ),
    codes.Code.ONLY_IN_CACHE: _(
        'the guest keeps the device until its next start'
    ),
}

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
    """The repair of one finding.

    :ivar finding: The finding.
    :ivar action: What is done; None if nothing is.
    :ivar calls: The requests, in order.
    :ivar event: Sent if the requests have no effect.
    :ivar undo: The requests that make good a repair that breaks off after
        its first request, in order.
    :ivar reason: Why nothing is done.
    :ivar needs: The option that allows the repair, if one does.
    :ivar warning: What the user should know before approving it.
    :ivar resumes: Whether it continues an interrupted earlier run.
    """

    finding: Finding
    action: Action | None = None
    calls: tuple[writing.PlannedCall, ...] = ()
    event: writing.PlannedCall | None = None
    undo: tuple[writing.PlannedCall, ...] = ()
    reason: str | None = None
    needs: str | None = None
    warning: str | None = None
    resumes: bool = False


# A repair, or why there is none.
_Decision = Repair | str


@dataclasses.dataclass(frozen=True)
class Step:
    """Repairs that are done together, one step after another.

    :ivar repairs: The repairs, all with the same action.
    """

    repairs: tuple[Repair, ...]

    @property
    def calls(self) -> list[writing.PlannedCall]:
        """Their requests, in order, of which they may share some."""
        found: list[writing.PlannedCall] = []
        for repair in self.repairs:
            found += (call for call in repair.calls if call not in found)
        return found

    @property
    def action(self) -> Action | None:
        """What is done."""
        return self.repairs[0].action

    @property
    def event(self) -> writing.PlannedCall | None:
        """The request that is sent if the others have no effect."""
        return self.repairs[0].event

    @property
    def findings(self) -> list[Finding]:
        """The findings that are repaired."""
        return [repair.finding for repair in self.repairs]


@dataclasses.dataclass(frozen=True)
class Plan:
    """Everything to be done, and everything that is not.

    :ivar steps: The steps, in order.
    :ivar left: The findings that are not repaired.
    """

    steps: Sequence[Step]
    left: Sequence[Repair]

    @property
    def repairs(self) -> list[Repair]:
        """One repair for each finding, in the order of the findings."""
        found = [repair for step in self.steps for repair in step.repairs]
        return sorted(
            [*found, *self.left], key=lambda repair: repair.finding.order
        )

    @property
    def count(self) -> int:
        """The number of findings to be repaired."""
        return sum(len(step.repairs) for step in self.steps)


def make(
    findings: Iterable[Finding],
    writer: writing.Writer,
    options: Options,
    users: port_users.PortUsers,
    interrupted: Iterable[Finding] = (),
) -> Plan:
    """Make a plan.

    Caches are refreshed first, as other findings depend on them.

    :param findings: The confirmed findings.
    :param writer: Makes the requests; none is sent.
    :param options: What the user allows.
    :param users: What uses the ports without a server.
    :param interrupted: What an earlier run left half-way.
    """
    planner = _Planner(writer, options, users)
    repairs = [planner.repair(finding) for finding in findings]
    known = {repair.finding.port_id for repair in repairs}
    repairs += [
        planner.resume(finding)
        for finding in interrupted
        if finding.port_id not in known
    ]
    steps = [*_refreshes(repairs, writer)]
    steps += [
        Step((repair,))
        for repair in repairs
        if repair.action not in (None, Action.REFRESH, Action.TOUCH)
    ]
    return Plan(steps, [repair for repair in repairs if not repair.action])


def _refreshes(
    repairs: Sequence[Repair], writer: writing.Writer
) -> Iterator[Step]:
    """Combine the cache refreshes of each server.

    If one of them needs an event, an event repairs them all.
    """
    refreshed = (
        repair
        for repair in repairs
        if repair.action in (Action.REFRESH, Action.TOUCH)
    )
    for found in records.grouped(
        refreshed, lambda repair: repair.finding.server_id
    ).values():
        server = found[0].finding.server
        changes: dict[str, Any]
        event = (
            writer.refresh_cache(server.id, _tags(found))
            if server and server.host
            else None
        )
        if event and any(row.action is Action.REFRESH for row in found):
            changes = {'action': Action.REFRESH, 'calls': (event,)}
        else:
            changes = {'event': event}
        yield Step(tuple(dataclasses.replace(row, **changes) for row in found))


def _tags(repairs: Iterable[Repair]) -> Iterable[str | None]:
    """Return the ports of an event; None for the ports in the cache."""
    tags = [
        None
        if repair.finding.code in _OF_WHOLE_CACHE
        else repair.finding.port_id
        for repair in repairs
    ]
    # Entries that are gone are dropped before anything is added.
    return dict.fromkeys(sorted(tags, key=lambda tag: tag is not None))


@dataclasses.dataclass(frozen=True)
class _Planner:
    """Decides about one finding at a time."""

    writer: writing.Writer
    options: Options
    users: port_users.PortUsers

    def repair(self, finding: Finding) -> Repair:
        """Decide what to do about a finding."""
        found = self._decide(finding)
        if isinstance(found, Repair):
            return found
        needs = None
        if finding.code is codes.Code.PORT_DOWN and not self.options.bounce:
            needs = '--bounce'
        elif finding.code in codes.WITHOUT_SERVER and not self.options.orphans:
            needs = '--delete-orphans'
        return Repair(finding, reason=found, needs=needs)

    def resume(self, finding: Finding) -> Repair:
        """Decide how to finish what an interrupted run began."""
        if finding.port and finding.code is codes.Code.PORT_DOWN:
            return self._end_bounce(finding, finding.port)
        return dataclasses.replace(self.repair(finding), resumes=True)

    def _decide(self, finding: Finding) -> _Decision:
        """Return the repair of a finding, or why there is none."""
        if self.writer.only_reads:
            return _("a reader cannot repair it: it needs the role 'member'")
        if finding.code in _OF_PORT | _OF_WHOLE_CACHE:
            return self._refresh(finding)
        if finding.port is None:
            return _('the port is not known')
        if finding.code in _OF_HOST:
            return self._bind(finding, finding.port)
        if finding.code is codes.Code.STALE_BINDING:
            return self._unbind(finding, finding.port)
        if finding.code is codes.Code.PORT_DOWN:
            return self._bounce(finding, finding.port)
        if finding.code is codes.Code.NOT_ATTACHED:
            return self._detach(finding, finding.port)
        if finding.code in codes.WITHOUT_SERVER:
            return self._clear_orphan(finding, finding.port)
        return _('it cannot be repaired through the API; %s') % SEE_FINDINGS

    def _refresh(self, finding: Finding) -> _Decision:
        """Prefer an update of the port, of which Neutron notifies Nova.

        The events API is meant for services.
        """
        server, port = finding.server, finding.port
        is_missing = finding.code is codes.Code.MISSING_FROM_CACHE
        if is_missing and server and not server.cache:
            return _(
                'the cache is empty and no event fills it: attach an '
                'interface, then repair again'
            )
        if finding.lacking_ip:
            return _(
                "the floating IP leads to an address that the port does not "
                "have: use 'openstack floating ip set'"
            )
        has_host = bool(server and server.host)
        if port and port.shows_binding and not has_host:
            return _('the server is on no host to refresh its cache')
        warning = _WARNINGS.get(finding.code)
        if finding.code in _OF_PORT and port and port.is_for_server:
            calls = (self.writer.touch_port(port),)
            return Repair(finding, Action.TOUCH, calls, warning=warning)
        if has_host:
            return Repair(finding, Action.REFRESH, warning=warning)
        return _(
            "only an event for Nova repairs it, which needs the role 'admin' "
            "or 'service'"
        )

    def _bind(self, finding: Finding, port: records.Port) -> _Decision:
        server = finding.server
        if not port.is_wired_on_host:
            return _('Ironic binds it')
        if server is None or not server.host:
            return _('the server is on no host')
        if is_moving(server, port):
            return _('the server is about to move')
        return Repair(
            finding,
            Action.BIND,
            (self.writer.bind_port(port, server.host),),
            warning=_(
                'if the guest has no network afterwards, hard reboot the '
                'server to plug the device in again'
            ),
        )

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
        return Repair(finding, Action.DELETE_BINDING, calls)

    def _bounce(self, finding: Finding, port: records.Port) -> _Decision:
        if not self.options.bounce:
            return _('only with --bounce, which interrupts any traffic')
        if port.is_half_bounced:
            return self._end_bounce(finding, port)
        begin = (
            self.writer.mark(port, records.Mark.BOUNCE),
            self.writer.enable_port(port, False),
        )
        end = (
            self.writer.enable_port(port, True),
            self.writer.unmark(port, records.Mark.BOUNCE),
        )
        return Repair(
            finding,
            Action.BOUNCE,
            begin + end,
            undo=end,
            warning=_('if the port carries traffic, the traffic stops'),
        )

    def _end_bounce(self, finding: Finding, port: records.Port) -> Repair:
        """Finish what an interrupted run began."""
        calls = [self.writer.unmark(port, records.Mark.BOUNCE)]
        if port.admin_state_up is False:
            calls.insert(0, self.writer.enable_port(port, True))
        return Repair(finding, Action.BOUNCE, tuple(calls), resumes=True)

    def _detach(self, finding: Finding, port: records.Port) -> _Decision:
        if port.device_owner and not port.is_for_server:
            return _('the port belongs to %s') % port.device_owner
        release = self.writer.release_port(port, with_host=False)
        return Repair(finding, Action.RELEASE, (release,))

    def _clear_orphan(self, finding: Finding, port: records.Port) -> _Decision:
        """Delete or release a port without a server."""
        if self.options.orphans is None:
            return _('only with --delete-orphans or --release-orphans')
        release = self.writer.release_port(port, port.shows_binding)
        if self.options.orphans is Action.RELEASE:
            if not (port.device_id or port.device_owner or port.host):
                return _('it belongs to no device')
            return Repair(finding, Action.RELEASE, (release,))
        is_named = port.id in self.options.port_ids
        if reason := self.users.reason_to_keep(port, is_named):
            return reason
        calls = [self.writer.delete_port(port)]
        if port.is_for_server and not port.shows_binding:
            # Neutron does not let a member delete the port of a server, even
            # if the server is gone (policy delete_port of Neutron 29).
            mark = self.writer.mark(port, records.Mark.DELETE)
            calls = [mark, release, *calls]
        return Repair(finding, Action.DELETE, tuple(calls))


def is_moving(server: records.Server, port: records.Port) -> bool:
    """Return whether a server is being changed or leaves its host."""
    return bool(
        server.task_state
        or server.status in server_state.MOVING
        or port.migrating_to
    )
