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
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import server_state
from osc_port_iface import records

# Repaired by an event with the ID of the port.
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
    """Disruptive repairs that the user allows.

    :ivar bounce: Whether ports may be disabled for a moment.
    :ivar abandoned: What to do with ports without a server: ``DELETE``,
        ``RELEASE``, or nothing.
    """

    bounce: bool = False
    abandoned: Action | None = None


@dataclasses.dataclass(frozen=True)
class Repair:
    """The repair of one finding.

    :ivar finding: The finding.
    :ivar action: What is done; None if nothing is.
    :ivar requests: The requests, in order.
    :ivar reason: Why nothing is done.
    :ivar warning: What the user should know before approving it.
    :ivar resumes: Whether it continues an interrupted earlier run.
    """

    finding: findings.Finding
    action: Action | None = None
    requests: tuple[writing.Request, ...] = ()
    reason: str | None = None
    warning: str | None = None
    resumes: bool = False


@dataclasses.dataclass(frozen=True)
class Step:
    """Repairs that share the same requests, sent one after another."""

    repairs: tuple[Repair, ...]

    @property
    def requests(self) -> tuple[writing.Request, ...]:
        """The requests, in order."""
        return self.repairs[0].requests


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


def make(
    findings: Iterable[findings.Finding],
    writer: writing.Writer,
    options: Options,
    named_by: Mapping[str, str],
    interrupted: Iterable[records.Port] = (),
) -> Plan:
    """Make a plan.

    Caches are refreshed first, as other findings depend on them.

    :param findings: The confirmed findings.
    :param writer: Makes the requests; none is sent.
    :param options: What the user allows.
    :param named_by: What uses a port without a server, by its ID.
    :param interrupted: Ports with a mark that an earlier run left.
    """
    planner = _Planner(writer, options, named_by)
    repairs = [planner.repair(finding) for finding in findings]
    known = {repair.finding.port_id for repair in repairs}
    repairs += [
        repair
        for port in interrupted
        if port.id not in known
        for repair in planner.resume(port)
    ]
    steps = [*_refreshes(repairs, writer)]
    steps += [
        Step((repair,))
        for repair in repairs
        if repair.action not in (None, Action.REFRESH)
    ]
    return Plan(steps, [repair for repair in repairs if not repair.action])


def _refreshes(
    repairs: Sequence[Repair], writer: writing.Writer
) -> Iterator[Step]:
    """Combine the cache refreshes of each server into one request."""
    by_server: dict[str, list[Repair]] = {}
    for repair in repairs:
        if repair.action is Action.REFRESH:
            server_id = repair.finding.server_id or ''
            by_server.setdefault(server_id, []).append(repair)
    for server_id, found in by_server.items():
        tags = [
            None
            if repair.finding.code in _OF_WHOLE_CACHE
            else repair.finding.port_id
            for repair in found
        ]
        # Entries that are gone are dropped before anything is added.
        tags.sort(key=lambda tag: tag is not None)
        request = writer.refresh_cache(server_id, dict.fromkeys(tags))
        yield Step(
            tuple(
                dataclasses.replace(repair, requests=(request,))
                for repair in found
            )
        )


class _Planner:
    """Decides about one finding at a time."""

    def __init__(
        self,
        writer: writing.Writer,
        options: Options,
        named_by: Mapping[str, str],
    ) -> None:
        self._writer = writer
        self._options = options
        self._named_by = named_by

    def repair(self, finding: findings.Finding) -> Repair:
        """Decide what to do about a finding."""
        if self._writer.only_reads:
            return _nothing(
                finding,
                _("a reader cannot repair it: it needs the role 'member'"),
            )
        if finding.code in _OF_PORT | _OF_WHOLE_CACHE:
            return self._refresh(finding)
        if finding.port is None:
            return _nothing(finding, _('the port is not known'))
        if finding.code in _OF_HOST:
            return self._bind(finding, finding.port)
        if finding.code is codes.Code.STALE_BINDING:
            return self._delete_bindings(finding, finding.port)
        if finding.code is codes.Code.PORT_DOWN:
            return self._bounce(finding, finding.port)
        if finding.code is codes.Code.NOT_ATTACHED:
            return self._detach(finding, finding.port)
        if finding.code in codes.WITHOUT_SERVER:
            return self._clear_away(finding, finding.port)
        return _nothing(
            finding,
            _("no request repairs it; the page on 'check' says what does"),
        )

    def resume(self, port: records.Port) -> Iterator[Repair]:
        """Decide how to finish what an interrupted run began."""
        if writing.Mark.BOUNCE in port.tags and self._options.bounce:
            requests = [self._writer.unmark(port, writing.Mark.BOUNCE)]
            if port.admin_state_up is False:
                requests.insert(0, self._writer.enable_port(port, True))
            finding = _interrupted(codes.Code.PORT_DOWN, port)
            yield Repair(finding, Action.BOUNCE, tuple(requests), resumes=True)
        elif (
            writing.Mark.DELETE in port.tags
            and self._options.abandoned is Action.DELETE
            and not port.device_id
        ):
            finding = _interrupted(codes.Code.ORPHAN_PORT, port)
            yield dataclasses.replace(
                self._clear_away(finding, port), resumes=True
            )

    def _refresh(self, finding: findings.Finding) -> Repair:
        server, port = finding.server, finding.port
        if (
            finding.code is codes.Code.MISSING_FROM_CACHE
            and server
            and not server.cache
        ):
            return _nothing(
                finding,
                _(
                    'the cache is empty and no event fills it: attach an '
                    'interface, then repair again'
                ),
            )
        if port and _leads_astray(finding, port):
            return _nothing(
                finding,
                _(
                    "the floating IP leads to an address that the port does "
                    "not have: use 'openstack floating ip set'"
                ),
            )
        warning = {
            codes.Code.MISSING_FROM_CACHE: _(
                'it goes to the end of the cache, so it is the last NIC '
                'after the next hard reboot; from now on, Nova deletes the '
                'port together with the server'
            ),
            codes.Code.ONLY_IN_CACHE: _(
                'the guest keeps the device until its next start'
            ),
        }.get(finding.code)
        if server and server.host:
            return Repair(finding, Action.REFRESH, warning=warning)
        if port and port.shows_binding:
            return _nothing(
                finding, _('the server is on no host to refresh its cache')
            )
        if port is None:
            return _nothing(
                finding,
                _(
                    'only an event for Nova repairs it, which needs the '
                    "role 'admin' or 'service'"
                ),
            )
        return Repair(
            finding,
            Action.TOUCH,
            (self._writer.touch_port(port),),
            warning=warning,
        )

    def _bind(self, finding: findings.Finding, port: records.Port) -> Repair:
        server = finding.server
        if not port.is_wired_on_host:
            return _nothing(finding, _('Ironic binds it'))
        if server is None or not server.host:
            return _nothing(finding, _('the server is on no host'))
        if server.task_state or server.status in server_state.MOVING:
            return _nothing(finding, _('the server is about to move'))
        return Repair(
            finding,
            Action.BIND,
            (self._writer.bind_port(port, server.host),),
        )

    def _delete_bindings(
        self, finding: findings.Finding, port: records.Port
    ) -> Repair:
        """Delete the bindings that a migration has left behind."""
        if not self._writer.is_service:
            return _nothing(
                finding,
                _(
                    "it needs the role 'service'; or run "
                    "'neutron-remove-duplicated-port-bindings --port %s' "
                    'on a Neutron host'
                )
                % port.id,
            )
        return Repair(
            finding,
            Action.DELETE_BINDING,
            tuple(
                self._writer.delete_binding(port, host)
                for host in finding.actual_values
            ),
        )

    def _bounce(self, finding: findings.Finding, port: records.Port) -> Repair:
        if not self._options.bounce:
            return _nothing(
                finding,
                _('only with --bounce, which interrupts any traffic'),
            )
        return Repair(
            finding,
            Action.BOUNCE,
            (
                self._writer.mark(port, writing.Mark.BOUNCE),
                self._writer.enable_port(port, False),
                self._writer.enable_port(port, True),
                self._writer.unmark(port, writing.Mark.BOUNCE),
            ),
        )

    def _detach(self, finding: findings.Finding, port: records.Port) -> Repair:
        if port.device_owner and not port.is_for_server:
            return _nothing(
                finding, _('the port belongs to %s') % port.device_owner
            )
        return Repair(
            finding,
            Action.RELEASE,
            (self._writer.release_port(port, with_host=False),),
        )

    def _clear_away(
        self, finding: findings.Finding, port: records.Port
    ) -> Repair:
        """Delete or release a port without a server."""
        if self._options.abandoned is None:
            return _nothing(
                finding, _('only with --delete-orphans or --release-orphans')
            )
        if reason := self._named_by.get(port.id):
            return _nothing(finding, reason)
        release = self._writer.release_port(port, port.shows_binding)
        if self._options.abandoned is Action.RELEASE:
            if not (port.device_id or port.device_owner or port.host):
                return _nothing(finding, _('it belongs to no device'))
            return Repair(finding, Action.RELEASE, (release,))
        requests = [self._writer.delete_port(port)]
        if port.is_for_server and not port.shows_binding:
            # Neutron does not let a member delete the port of a server, even
            # if the server is gone (policy delete_port of Neutron 29).
            mark = self._writer.mark(port, writing.Mark.DELETE)
            requests = [mark, release, *requests]
        return Repair(finding, Action.DELETE, tuple(requests))


def _nothing(finding: findings.Finding, reason: str) -> Repair:
    return Repair(finding, reason=reason)


def _leads_astray(finding: findings.Finding, port: records.Port) -> bool:
    """Tell whether a floating IP is for an address that a port lacks."""
    if finding.code is not codes.Code.FLOATING_IP_DIFFERS:
        return False
    if finding.expected_values or len(finding.actual_values) != 2:
        return False
    fixed_ips = {fixed_ip.ip_address for fixed_ip in port.fixed_ips}
    _floating_ip, target = finding.actual_values
    return target not in fixed_ips


def _interrupted(code: codes.Code, port: records.Port) -> findings.Finding:
    return findings.Finding(
        code,
        port.server_id,
        port.id,
        port.mac_address,
        _('repaired'),
        _('left half-way by a repair that was interrupted'),
        port=port,
    )
