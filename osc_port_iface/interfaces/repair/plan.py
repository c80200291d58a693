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

"""What is to be done about findings: the requests, or why there are none.

Nothing is sent here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
import dataclasses
import enum

from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import codes
from osc_port_iface.interfaces import drift
from osc_port_iface import records

# What an event with the ID of the port puts right.
_OF_PORT = frozenset(
    {
        codes.Code.MISSING_FROM_CACHE,
        codes.Code.ADDRESS_DIFFERS,
        codes.Code.MAC_DIFFERS,
        codes.Code.FLOATING_IP_DIFFERS,
    }
)

# What an event without it does.
_OF_WHOLE_CACHE = frozenset(
    {codes.Code.ONLY_IN_CACHE, codes.Code.DUPLICATE_IN_CACHE}
)

# What another host of the port does.
_OF_HOST = frozenset(
    {
        codes.Code.UNBOUND,
        codes.Code.HOST_DIFFERS,
        codes.Code.BINDING_FAILED,
    }
)


class Action(enum.StrEnum):
    """What is done; the values are an interface for scripts."""

    REFRESH = 'refresh-cache'
    TOUCH = 'update-port'
    BIND = 'bind-port'
    BOUNCE = 'bounce-port'
    RELEASE = 'release-port'
    DELETE = 'delete-port'
    DELETE_BINDING = 'delete-binding'


@dataclasses.dataclass(frozen=True)
class Options:
    """What may be done beside what cannot hurt.

    :ivar bounce: Whether ports may be disabled for a moment.
    :ivar abandoned: What is done with ports that no server has: ``DELETE``,
        ``RELEASE``, or nothing.
    """

    bounce: bool = False
    abandoned: Action | None = None


@dataclasses.dataclass(frozen=True)
class Repair:
    """What is to be done about one finding.

    :ivar finding: The finding.
    :ivar action: What is done; None if nothing is.
    :ivar requests: The requests, in their order.
    :ivar reason: Why nothing is done.
    :ivar warning: What somebody must know who has it done.
    :ivar resumes: Whether an earlier run began with it.
    """

    finding: drift.Finding
    action: Action | None = None
    requests: tuple[writing.Request, ...] = ()
    reason: str | None = None
    warning: str | None = None
    resumes: bool = False


@dataclasses.dataclass(frozen=True)
class Step:
    """Repairs by the same requests; nothing else is done in between."""

    repairs: tuple[Repair, ...]

    @property
    def requests(self) -> tuple[writing.Request, ...]:
        """The requests, in their order."""
        return self.repairs[0].requests


@dataclasses.dataclass(frozen=True)
class Plan:
    """All that is to be done, and all that is not.

    :ivar steps: What is done, in this order.
    :ivar left: The findings about which nothing is done.
    """

    steps: Sequence[Step]
    left: Sequence[Repair]

    @property
    def repairs(self) -> list[Repair]:
        """One for each finding, in the order of the findings."""
        found = [repair for step in self.steps for repair in step.repairs]
        return sorted(
            [*found, *self.left], key=lambda repair: repair.finding.order
        )


def make(
    findings: Iterable[drift.Finding],
    writer: writing.Writer,
    options: Options,
    named_by: Mapping[str, str],
    interrupted: Iterable[records.Port] = (),
) -> Plan:
    """Make a plan.

    Caches come first, as everything else is judged by them too.

    :param findings: What was confirmed.
    :param writer: Makes the requests; none is sent.
    :param options: What may be done.
    :param named_by: What leads to a port that no server has, by its ID.
    :param interrupted: Ports with a mark, which an earlier run left.
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
    """Join what is to be refreshed of one server into one request."""
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
        # What is gone is dropped before anything is added.
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

    def repair(self, finding: drift.Finding) -> Repair:
        """Decide what is to be done about a finding."""
        if self._writer.only_reads:
            return _nothing(
                finding, _("a reader changes nothing: it takes 'member'")
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
        """Decide how to end what an earlier run was killed in."""
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

    def _refresh(self, finding: drift.Finding) -> Repair:
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

    def _bind(self, finding: drift.Finding, port: records.Port) -> Repair:
        server = finding.server
        if port.vnic_type in drift.NOT_OF_THE_HOST:
            return _nothing(finding, _('Ironic binds it'))
        if server is None or not server.host:
            return _nothing(finding, _('the server is on no host'))
        if server.task_state or server.status in drift.MOVING:
            return _nothing(finding, _('the server is about to move'))
        return Repair(
            finding,
            Action.BIND,
            (self._writer.bind_port(port, server.host),),
        )

    def _delete_bindings(
        self, finding: drift.Finding, port: records.Port
    ) -> Repair:
        """Delete what a migration has left over."""
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

    def _bounce(self, finding: drift.Finding, port: records.Port) -> Repair:
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

    def _detach(self, finding: drift.Finding, port: records.Port) -> Repair:
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
        self, finding: drift.Finding, port: records.Port
    ) -> Repair:
        """Delete or release a port that no server has."""
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
            # Neutron lets a member delete only what is not a server's, even
            # if the server is gone (policy delete_port of Neutron 29).
            mark = self._writer.mark(port, writing.Mark.DELETE)
            requests = [mark, release, *requests]
        return Repair(finding, Action.DELETE, tuple(requests))


def _nothing(finding: drift.Finding, reason: str) -> Repair:
    return Repair(finding, reason=reason)


def _leads_astray(finding: drift.Finding, port: records.Port) -> bool:
    """Tell whether a floating IP is for an address that a port lacks."""
    if finding.code is not codes.Code.FLOATING_IP_DIFFERS:
        return False
    if finding.expected_values or len(finding.actual_values) != 2:
        return False
    fixed_ips = {fixed_ip.ip_address for fixed_ip in port.fixed_ips}
    _floating_ip, target = finding.actual_values
    return target not in fixed_ips


def _interrupted(code: codes.Code, port: records.Port) -> drift.Finding:
    return drift.Finding(
        code,
        port.server_id,
        port.id,
        port.mac_address,
        _('repaired'),
        _('left half-way by a repair that was interrupted'),
        port=port,
    )
