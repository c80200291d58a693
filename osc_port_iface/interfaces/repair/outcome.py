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

"""Says how repairs ended, and what was read back."""

from collections.abc import Iterable
import dataclasses
import enum

from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface import records

_DISABLED = _('disabled')
_MARKED = _('marked')


class Result(enum.StrEnum):
    """The result of a repair. Scripts rely on the values."""

    REPAIRED = 'repaired'
    PLANNED = 'planned'
    NOT_REPAIRABLE = 'not repairable'
    REFUSED = 'refused'
    STILL_THERE = 'still there'
    UNFINISHED = 'unfinished'
    SKIPPED = 'skipped'


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The outcome of a finding.

    :ivar repair: The planned repair.
    :ivar finding: The finding.
    :ivar result: The result.
    :ivar after: The state at the end; None if it was not read.
    :ivar reason: Why it is not repaired.
    :ivar remains: Whether something is still wrong, as far as known.
    :ivar sent: The requests that were sent.
    """

    repair: plans.Repair
    finding: plans.Finding
    result: Result
    after: str | None = None
    reason: str | None = None
    remains: bool = True
    sent: tuple[writing.PlannedCall, ...] = ()

    @property
    def action(self) -> plans.Action | None:
        """What was done, or is planned."""
        if self.sent and self.repair.event in self.sent:
            return plans.Action.REFRESH
        return self.repair.action

    @property
    def calls(self) -> tuple[writing.PlannedCall, ...]:
        """The requests that were sent, or are planned."""
        if self.result is Result.PLANNED:
            return self.repair.calls_for(self.finding)
        return self.sent


def not_begun(
    repairs: Iterable[plans.Repair],
    result: Result = Result.SKIPPED,
    reason: str | None = None,
    remains: bool = True,
) -> list[Outcome]:
    """Return the outcomes of findings for which nothing was sent.

    :param repairs: The repairs.
    :param result: The result of those that were planned.
    :param reason: Why they were not begun.
    :param remains: Whether something is still wrong.
    """
    found = [
        Outcome(repair, finding, result, reason=reason, remains=remains)
        if repair.action
        else Outcome(
            repair, finding, Result.NOT_REPAIRABLE, reason=repair.reason
        )
        for repair in repairs
        for finding in repair.findings
    ]
    return sorted(found, key=lambda row: row.finding.order)


def is_proven(
    repair: plans.Repair, finding: plans.Finding, after: str | None
) -> bool:
    """Return whether what was read back shows that a finding is repaired.

    It also disappears if the server is stopped, or the port detached.

    :param after: The state at the end; None if it was not read.
    """
    if repair.action is plans.Action.BOUNCE:
        return after in ('ACTIVE', None)
    if repair.action is plans.Action.BIND and finding.server:
        return after in (finding.server.host, None)
    return after != finding.actual


def left_behind(outcome: Outcome) -> str | None:
    """Say what a bounce has left, or may have: a disabled or marked port."""
    if outcome.repair.action is not plans.Action.BOUNCE:
        return None
    command = 'set --enable'
    if outcome.after == _DISABLED:
        text = _('Port %(port)s: it is disabled')
    elif outcome.after is None:
        text = _('Port %(port)s: whether it is enabled is not known')
    elif outcome.after == _MARKED:
        text = _('Port %(port)s: it is enabled, but still marked')
        command = f'unset --tag {records.BOUNCE_TAG}'
    else:
        return None
    text += _("; run 'openstack port %(command)s %(port)s'")
    return text % {'port': outcome.finding.port_id, 'command': command}


def observed_port(
    action: plans.Action | None, port: records.Port | None
) -> str:
    """Describe the state of a port after a repair.

    :param action: What was done.
    :param port: The port, as it was read back; None if it no longer exists.
    """
    if port is None:
        return _('deleted')
    if action is plans.Action.BIND:
        return port.host or _('no host')
    if action is plans.Action.BOUNCE:
        if port.admin_state_up is False:
            return _DISABLED
        is_marked = records.BOUNCE_TAG in port.tags
        return _MARKED if is_marked else port.status or ''
    return port.device_id or port.device_owner or _('no device')


def observed_cache(finding: plans.Finding, server: records.Server) -> str:
    """Describe what Nova's cache has of an interface after a repair.

    :param finding: The finding that was to be repaired.
    :param server: Its server, as it was read back.
    """
    entries = [
        entry
        for entry in server.cache
        if entry.mac_address == finding.mac_address
    ]
    if not entries:
        return _('not in the cache')
    if finding.code is codes.Code.MAC_DIFFERS:
        return finding.mac_address or ''
    values: list[str] = []
    for entry in entries:
        if finding.code is codes.Code.FLOATING_IP_DIFFERS:
            values += entry.floating_ips
        else:
            values += (row.ip_address for row in entry.fixed_ips)
    return ','.join(values) or _('none')
