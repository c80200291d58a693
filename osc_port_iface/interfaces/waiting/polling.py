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

"""Polls a server, and judges whether its interfaces meet a condition."""

from collections.abc import Iterator, Sequence
import dataclasses
import enum
import logging

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import cache_diff
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import server_state
from osc_port_iface.interfaces.selecting import names
from osc_port_iface.interfaces.waiting import reasons
from osc_port_iface.interfaces.waiting import targets
from osc_port_iface import printable
from osc_port_iface import records

LOG = logging.getLogger(__name__)

CONDITIONS = ('active', 'attached', 'detached', 'floating-ip', 'host')

# The conditions that need Neutron, and what reads them.
_OF_NEUTRON = {
    'floating-ip': reasons.of_floating_ips,
    'host': reasons.of_hosts,
}

# The ports of a server with such a status become ACTIVE only when it is
# started.
_OFF = frozenset({'SHUTOFF', 'SUSPENDED', 'SHELVED', 'SHELVED_OFFLOADED'})

_LOST = frozenset({'ERROR', 'DELETED', 'SOFT_DELETED'})

# An attach or detach that began up to this many seconds before the first poll
# may be the one to wait for.
_RECENT = 60.0


class State(enum.Enum):
    """The state of a server with respect to the condition.

    It meets the condition, does not yet, will not without a repair, or has
    failed.
    """

    FINISHED = enum.auto()
    PENDING = enum.auto()
    CANNOT_SUCCEED = enum.auto()
    FAILED = enum.auto()


@dataclasses.dataclass(eq=False)
class PolledServer:
    """A server that is polled, and what the polls have shown.

    :ivar cloud: The services.
    :ivar condition: One of CONDITIONS.
    :ivar server: The server, as it was when its interfaces were last read.
    :ivar called: What messages call the server.
    :ivar awaited: The interfaces to wait for; all if empty.
    :ivar mac_addresses: The MAC addresses of the targets, which identify them
        in the cache, and after they are gone; with None, any may be one.
    :ivar state: The state of the server.
    :ivar lines: What does not meet the condition, and why.
    :ivar is_unread: Whether the last poll has failed.
    :ivar interfaces: The interfaces that are plugged in.
    :ivar differences: The differences in Nova's cache.
    :ivar ports: The ports that were read from Neutron, by ID.
    """

    cloud: api_cloud.Cloud
    condition: str
    server: records.Server
    called: str
    awaited: Sequence[targets.Target]
    mac_addresses: set[str | None]
    state: State = State.PENDING
    lines: Sequence[str] = ()
    is_unread: bool = False
    interfaces: Sequence[records.Interface] = ()
    differences: Sequence[findings.Finding] = ()
    ports: dict[str, records.Port] = dataclasses.field(default_factory=dict)

    @property
    def chosen(self) -> list[records.Interface]:
        """The interfaces that are waited for and are plugged in."""
        return [
            interface
            for interface in self.interfaces
            if not self.awaited
            or any(target.matches(interface) for target in self.awaited)
        ]

    @property
    def absent(self) -> list[targets.Target]:
        """The targets of which no interface is plugged in."""
        return [
            target
            for target in self.awaited
            if not any(map(target.matches, self.interfaces))
        ]

    @property
    def is_uncached(self) -> bool:
        """Whether the cache lacks an interface that it should have.

        A port of another project will never be in the cache. So nothing is
        reported while the project of the port is unknown.
        """
        return any(
            difference.code is codes.Code.MISSING_FROM_CACHE
            and difference.port_id in self.ports
            and any(row.port_id == difference.port_id for row in self.chosen)
            for difference in self.differences
        )

    def poll(self, waited: float) -> None:
        """Poll the server.

        :param waited: Seconds since the first poll.
        :raises errors.ApiError: A request failed.
        """
        self.is_unread = False
        try:
            server = self.cloud.compute.server(self.server.id, self.called)
        except errors.NotFound:
            # It was there when it was selected.
            self._fail(_('it has been deleted'))
            return
        if server.status in _LOST:
            self._fail(_('its status is %s') % server.status)
            return
        if server.in_down_cell:
            self.lines = [_line(self.called, _('its cell is down'))]
            return
        self._compare(server)
        found = [*self._reasons()]
        if not found:
            self.state = State.FINISHED
        elif any(reason.is_lasting for reason in found):
            self.state = State.CANNOT_SUCCEED
        self.lines = [_line(self.called, row.why, row.what) for row in found]
        self._give_up_if_failed(waited)

    def note_failure(self, error: errors.ApiError) -> None:
        """Note that a poll has failed; the next one may succeed."""
        self.lines, self.is_unread = [str(error)], True
        if isinstance(error, (errors.NotFound, errors.Forbidden)):
            self.state = State.FAILED

    def _fail(self, why: str) -> None:
        self.state, self.lines = State.FAILED, [_line(self.called, why)]

    def _compare(self, server: records.Server) -> None:
        """Compare the views, as they are now."""
        interfaces = names.all_rows(
            self.cloud.compute.interfaces(server.id, self.called)
        )
        differences = cache_diff.compare(server, interfaces)
        doubtful = [
            row.port_id
            for row in differences
            if row.code is codes.Code.MISSING_FROM_CACHE
        ]
        if self.condition == 'active' and server.status not in _OFF:
            # Ports that are not ACTIVE may be disabled.
            doubtful += [
                row.port_id for row in interfaces if row.port_state != 'ACTIVE'
            ]
        unread = sorted(filter(None, {*doubtful} - {*self.ports}))
        try:
            answer = self.cloud.network.list(neutron.PORTS, 'id', unread)
            self.ports |= {port.id: port for port in answer.rows}
        except errors.RequestFailed as error:
            LOG.info(_('Nothing more is known about the ports: %s'), error)
        self.server, self.interfaces = server, interfaces
        self.mac_addresses.update(row.mac_address for row in self.chosen)
        self.differences = cache_diff.compare(
            server, interfaces, self.ports.values()
        )

    def _reasons(self) -> Iterator[reasons.Reason]:
        """List why the condition is not met."""
        if self.condition == 'detached':
            yield from self._of_detach()
            return
        for interface in self.chosen:
            yield from self._of_interface(interface)
        for target in self.absent:
            yield reasons.Reason(_('not plugged in'), target.text)
        if not self.awaited:
            for difference in self.differences:
                if difference.port_id is None:
                    yield reasons.of_difference(difference)
        ask, server = _OF_NEUTRON.get(self.condition), self.server
        if server_state.is_settled(server):
            if ask:
                yield from ask(self.cloud.network, server, self.chosen)
        elif ask or not self.interfaces:
            # Nova gives a new server its interfaces only after a while.
            how = server.task_state or server.status
            yield reasons.Reason(_('it is still changing (%s)') % how)

    def _of_interface(
        self, interface: records.Interface
    ) -> Iterator[reasons.Reason]:
        """Say why an interface is not attached, or not ACTIVE."""
        for difference in self.differences:
            if difference.port_id == interface.port_id:
                yield reasons.of_difference(difference)
                return
        state = interface.port_state or _('in an unknown state')
        status = self.server.status
        if self.condition != 'active' or state == 'ACTIVE':
            return
        port = self.ports.get(interface.port_id or '')
        why, is_lasting = _('its port is %s') % state, True
        if status in _OFF and self.server.task_state is None:
            why = _(
                'its port is %(state)s, and stays so while the status of the '
                'server is %(status)s'
            ) % {'state': state, 'status': status}
        elif port and port.admin_state_up is False:
            why = _('its port is disabled')
        else:
            is_lasting = False
        yield reasons.Reason(why, reasons.label(interface), is_lasting)

    def _of_detach(self) -> Iterator[reasons.Reason]:
        """List why interfaces are not detached."""
        for row in self.chosen:
            yield reasons.Reason(_('still plugged in'), reasons.label(row))
        live = records.grouped(self.interfaces, lambda row: row.mac_address)
        cached = records.grouped(
            self.server.cache, lambda row: row.mac_address
        )
        for mac_address, entries in cached.items():
            plugged_in = cache_diff.fixed_ips(*live.get(mac_address, ()))
            is_chosen = self.mac_addresses & {None, mac_address}
            if is_chosen and cache_diff.fixed_ips(*entries) - plugged_in:
                yield reasons.Reason(
                    codes.Code.ONLY_IN_CACHE.summary, mac_address or ''
                )

    def _give_up_if_failed(self, waited: float) -> None:
        """Give up the server if its attach or detach has failed.

        Nova does not say which interface an action was about. If the binding
        of a port fails, Nova does not detach the port from the server
        (``_update_ports_for_instance`` in ``nova/network/neutron.py``), so
        that only the cache lacks it.

        :param waited: Seconds since the first poll.
        """
        if self.condition == 'detached':
            is_open, name = bool(self.chosen), 'detach_interface'
            what = _('still plugged in, as the detach has failed')
        else:
            is_open = bool(self.absent) or self.is_uncached
            name = 'attach_interface'
            what = _('not plugged in, as the attach has failed')
        if not is_open:
            return
        try:
            answer = self.cloud.compute.instance_actions(self.server.id)
        except errors.RequestFailed as error:
            LOG.info(_('Whether it has failed is not known: %s'), error)
            return
        recent = [
            action
            for action in answer.rows
            if action.action == name and action.seconds_ago <= waited + _RECENT
        ]
        if recent and all(action.failed for action in recent):
            request_id = recent[0].request_id or _('unknown')
            what += _(' (request ID %s)') % request_id
            self._fail(what)


def _line(called: str, why: str, what: str | None = None) -> str:
    """Say what is wrong with a server, or with one of its interfaces."""
    line = _('Server %(server)s: %(why)s')
    if what is not None:
        line = _('Server %(server)s, interface %(what)s: %(why)s')
    return printable.escape(
        line % {'server': called, 'what': what, 'why': why}
    )
