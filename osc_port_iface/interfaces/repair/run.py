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

"""Executes a plan, step by step, and reads back the result."""

from collections.abc import Callable, Iterable, Mapping
import contextlib
import dataclasses
import threading
import time

from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings as health_findings
from osc_port_iface.interfaces.health import server_state
from osc_port_iface.interfaces.repair import audit
from osc_port_iface.interfaces.repair import outcome as outcomes
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.repair import repairing
from osc_port_iface.interfaces.repair import safeguards
from osc_port_iface.interfaces.selecting import names

# The actions that refresh a cache.
_REFRESHING = (plans.Action.REFRESH, plans.Action.TOUCH)

# Neutron compares the revision of the port with that in If-Match. A binding
# has none, so Neutron fails to delete one then (HTTP 500).
_WITH_REVISION = (
    plans.Action.BIND,
    plans.Action.RELEASE,
    plans.Action.DELETE,
)

# Seconds between two checks of a repair.
_INTERVAL = 1.0

# Neutron notifies Nova of an update of a port within this many seconds
# (send_events_interval is 2 by default).
_NOTIFIED_WITHIN = 8.0

# Seconds before each try to make good a repair that broke off.
_UNDO_DELAYS = (0.0, 2.0, 5.0)

_INTERRUPTED = _('it was interrupted')

# Called with the number of a repair, and with the repair, before it begins.
ShowRepair = Callable[[int, plans.Repair], object]

# The findings that are still there, as they are now, by what they are about.
_Left = Mapping[health_findings.Subject, plans.Finding]


class _NotAsPlanned(Exception):
    """Something is not as planned, so nothing more is sent."""


class _Refused(_NotAsPlanned):
    """A service refused the first request, so nothing is changed."""


@dataclasses.dataclass
class _Attempt:
    """A repair that is being carried out.

    :ivar repair: The repair.
    :ivar sent: The requests that were sent.
    """

    repair: plans.Repair
    sent: list[writing.PlannedCall] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Run:
    """One run of a plan.

    :ivar job: What made the plan.
    :ivar log: The log of all requests.
    :ivar timeout: Seconds to wait for a finding to disappear.
    :ivar asked_to_stop: Ends the run before its next request.
    :ivar failures: Why the run ended early.
    :ivar notifies: Whether Neutron notifies Nova of updates of ports, once it
        is known.
    """

    job: repairing.RepairJob
    log: audit.Log
    timeout: float
    asked_to_stop: threading.Event
    failures: list[str] = dataclasses.field(default_factory=list)
    notifies: bool | None = None

    def execute(
        self, plan: plans.Plan, show_repair: ShowRepair
    ) -> list[outcomes.Outcome]:
        """Do the repairs of a plan, until one does not go as planned.

        :param plan: The plan.
        :param show_repair: Called before each repair.
        :returns: An outcome for each finding of the plan, in the same order.
        """
        found = [*self._logged(outcomes.not_begun(plan.unrepaired))]
        for number, repair in enumerate(plan.repairs, 1):
            if self._is_over:
                reason = _('the run ended before')
                if not self.failures:
                    reason = _('the run was interrupted')
                found += self._logged(
                    outcomes.not_begun([repair], reason=reason)
                )
                continue
            show_repair(number, repair)
            found += self._logged(self._repair(_Attempt(repair)))
        return sorted(found, key=lambda row: row.finding.order)

    @property
    def _is_over(self) -> bool:
        """Whether no further step is begun."""
        return bool(self.failures) or self.asked_to_stop.is_set()

    def _logged(
        self, rows: Iterable[outcomes.Outcome]
    ) -> Iterable[outcomes.Outcome]:
        """Log outcomes; if that fails, nothing more is sent."""
        try:
            for row in rows:
                self.log.outcome(row)
        except audit.LogFailed as error:
            self.failures.append(str(error))
        return rows

    def _repair(self, attempt: _Attempt) -> list[outcomes.Outcome]:
        """Do a repair; if it breaks off, make it good."""
        result, remains = outcomes.Result.UNFINISHED, True
        try:
            return self._carry_out(attempt)
        except (_NotAsPlanned, audit.LogFailed, errors.ApiError) as error:
            problem = str(error)
            if isinstance(error, errors.NotFound) and not self._has_server(
                attempt.repair.findings[0]
            ):
                problem, remains = _('the server no longer exists'), False
            else:
                self.failures.append(problem)
            if isinstance(error, _Refused):
                result = outcomes.Result.REFUSED
        except KeyboardInterrupt:
            self.asked_to_stop.set()
            problem = _INTERRUPTED
        if not attempt.sent:
            return outcomes.not_begun(
                [attempt.repair], reason=problem, remains=remains
            )
        if result is not outcomes.Result.REFUSED:
            # A user who interrupts this as well is still told how the port
            # was left.
            with contextlib.suppress(KeyboardInterrupt):
                self._undo(attempt)
        found = self._outcomes(attempt, result, problem, remains)
        self.failures += filter(None, map(outcomes.left_behind, found))
        return found

    def _carry_out(self, attempt: _Attempt) -> list[outcomes.Outcome]:
        """Send the requests of a repair, and read back their effect.

        :raises _NotAsPlanned: Something is not as planned.
        """
        repair = attempt.repair
        if self._is_gone(repair):
            reason = _('it was gone already')
            return self._outcomes(attempt, outcomes.Result.SKIPPED, reason)
        calls = repair.calls
        if repair.event:
            if self.notifies is not False:
                self._send_all(attempt, calls)
                remaining = self._wait_until_gone(
                    repair, min(self.timeout, _NOTIFIED_WITHIN)
                )
                self.notifies = not remaining
                if not remaining or self._is_over:
                    return self._outcomes(attempt, remaining=remaining)
            calls = (repair.event,)
        self._send_all(attempt, calls)
        remaining = self._wait_until_gone(repair, self.timeout)
        return self._outcomes(attempt, remaining=remaining)

    def _is_gone(self, repair: plans.Repair) -> bool:
        """Check that everything is still as it was when planned.

        :returns: Whether all findings are gone already.
        :raises _NotAsPlanned: Something has changed.
        """
        planned = repair.findings
        result = check.confirm(self.job.cloud, planned, self.job.request.keep)
        now = names.all_rows(result)
        if not now and all(map(self._is_settled, planned)):
            return True
        unchanged = {_state(finding) for finding in now}
        for finding in planned:
            if _state(finding) not in unchanged:
                raise _NotAsPlanned(
                    _('%s: not as it was when the plan was made')
                    % _label(finding)
                )
        return False

    def _is_settled(self, finding: plans.Finding) -> bool:
        """Return whether a finding is gone because nothing is wrong any more.

        There are also no findings while a server is being changed, and fewer
        once it is stopped or shelved.

        :raises errors.NotFound: The server no longer exists.
        """
        if finding.server is None:
            return True
        server = self.job.cloud.compute.server(finding.server.id)
        return (
            server_state.is_settled(server)
            and server.status == finding.server.status
        )

    def _has_server(self, finding: plans.Finding) -> bool:
        """Return whether the server of a finding exists, if it has one."""
        try:
            self._is_settled(finding)
        except errors.ApiError as error:
            return not isinstance(error, errors.NotFound)
        return True

    def _send_all(
        self, attempt: _Attempt, calls: Iterable[writing.PlannedCall]
    ) -> None:
        """Send requests of a repair, with fresh reads before each that cuts.

        :raises _NotAsPlanned: Something speaks against a request, or the
            answer is not what was planned.
        :raises KeyboardInterrupt: The user has asked to stop.
        """
        repair = attempt.repair
        for call in calls:
            has_begun = bool(attempt.sent)
            is_deletion = repair.action is plans.Action.DELETE
            if is_deletion or not (has_begun or repair.action in _REFRESHING):
                (finding,) = repair.findings
                cloud, named = self.job.cloud, self.job.options.port_ids
                port = safeguards.read_port(cloud, finding.port_id)
                problem = safeguards.objection(
                    cloud, repair, port, named, has_begun
                )
                if problem:
                    raise _NotAsPlanned(f'{_label(finding)}: {problem}')
                if port and repair.action in _WITH_REVISION:
                    # Neutron does it only if the port has not changed since.
                    call = dataclasses.replace(
                        call, revision=port.revision_number
                    )
            # What is disabled is enabled again.
            must_follow = has_begun and call in repair.undo
            if self.asked_to_stop.is_set() and not must_follow:
                raise KeyboardInterrupt
            self.log.request(repair, call)
            attempt.sent.append(call)
            result = self.job.writer.send(call)
            self.log.result(repair, call, result)
            # The event follows updates that have had no effect.
            is_first = call == repair.event or not has_begun
            if result.problem and result.is_refused and is_first:
                raise _Refused(result.problem)
            if result.problem:
                raise _NotAsPlanned(result.problem)

    def _wait_until_gone(self, repair: plans.Repair, seconds: float) -> _Left:
        """Check until all findings of a repair are gone.

        :param seconds: For how long to wait.
        :returns: Those that are still there then.
        :raises _NotAsPlanned: The server cannot be judged.
        """
        deadline = time.monotonic() + seconds
        planned = {finding.subject for finding in repair.findings}
        while True:
            result = self._check(repair)
            found = {_subject_of(repair, row): row for row in result.rows}
            remaining = {key: found[key] for key in planned & found.keys()}
            new = [
                row
                for key, row in found.items()
                if row.subject not in self.job.known
                and (key in planned or row.code in self.job.request.codes)
            ]
            is_known = bool(remaining) or not result.failures
            is_over = (
                time.monotonic() >= deadline or self.asked_to_stop.is_set()
            )
            if is_over or (is_known and not remaining and not new):
                break
            time.sleep(_INTERVAL)
        if not is_known:
            raise _NotAsPlanned(result.failures[0])
        if new:
            self.failures.append(
                _('%(name)s: %(code)s is new')
                % {'name': _label(new[0]), 'code': new[0].code}
            )
        return remaining

    def _check(self, repair: plans.Repair) -> check.CheckResult:
        """Check the server of a repair, or its ports."""
        findings = repair.findings
        server = findings[0].server
        if server is None:
            return check.confirm(
                self.job.cloud, findings, self.job.request.keep
            )
        request = dataclasses.replace(
            self.job.request,
            names_or_ids=(server.id,),
            scope=compute.ServerScope(),
            codes=self.job.request.codes | _judging(repair),
            # What cannot be looked for any more is not known to be gone.
            named=frozenset(finding.code for finding in findings),
        )
        return check.check(self.job.cloud, request)

    def _undo(self, attempt: _Attempt) -> None:
        """Send what makes good a repair, even if it cannot be logged.

        The requests set a state, so they may be sent again. As long as a port
        is only marked, it is not enabled, as its owner may have disabled it.
        """
        repair = attempt.repair
        is_only_marked = len(attempt.sent) == 1 and repair.calls != repair.undo
        for call in repair.undo[1:] if is_only_marked else repair.undo:
            for delay in _UNDO_DELAYS:
                time.sleep(delay)
                with contextlib.suppress(audit.LogFailed):
                    self.log.request(repair, call)
                attempt.sent.append(call)
                result = self.job.writer.send(call)
                with contextlib.suppress(audit.LogFailed):
                    self.log.result(repair, call, result)
                if not result.problem:
                    break
            else:
                return

    def _outcomes(
        self,
        attempt: _Attempt,
        result: outcomes.Result = outcomes.Result.REPAIRED,
        reason: str | None = None,
        remains: bool = False,
        remaining: _Left | None = None,
    ) -> list[outcomes.Outcome]:
        """Read back what a repair has done.

        :param attempt: The repair.
        :param result: Its result.
        :param reason: Why it ended so.
        :param remains: Whether something is still wrong.
        :param remaining: The findings that are known to be still there.
        """
        return [
            self._still_there(attempt, finding, now)
            if (now := (remaining or {}).get(finding.subject))
            else self._ended(attempt, finding, result, reason, remains)
            for finding in attempt.repair.findings
        ]

    def _still_there(
        self, attempt: _Attempt, finding: plans.Finding, now: plans.Finding
    ) -> outcomes.Outcome:
        is_interrupted = self.asked_to_stop.is_set()
        return outcomes.Outcome(
            attempt.repair,
            finding,
            outcomes.Result.UNFINISHED
            if is_interrupted
            else outcomes.Result.STILL_THERE,
            now.actual,
            _INTERRUPTED if is_interrupted else plans.SEE_FINDINGS,
            sent=tuple(attempt.sent),
        )

    def _ended(
        self,
        attempt: _Attempt,
        finding: plans.Finding,
        result: outcomes.Result,
        reason: str | None,
        remains: bool,
    ) -> outcomes.Outcome:
        """Return the outcome of a finding that is gone, or not known."""
        repair = attempt.repair
        after = self._observe(repair.action, finding)
        if result is outcomes.Result.REPAIRED and not outcomes.is_proven(
            repair, finding, after
        ):
            result, remains = outcomes.Result.UNFINISHED, True
            reason = _('it is not judged any more')
        return outcomes.Outcome(
            repair,
            finding,
            result,
            after,
            reason,
            remains,
            tuple(attempt.sent),
        )

    def _observe(
        self, action: plans.Action | None, finding: plans.Finding
    ) -> str | None:
        """Read back the state of a finding; None if it was not read."""
        cloud = self.job.cloud
        try:
            if action in _REFRESHING:
                server = cloud.compute.server(finding.server_id or '')
                return outcomes.observed_cache(finding, server)
            port = safeguards.read_port(cloud, finding.port_id)
            if action is plans.Action.DELETE_BINDING and port:
                rows = names.all_rows(cloud.network.port_bindings(port.id))
                return ','.join(sorted(row.host or '' for row in rows))
            return outcomes.observed_port(action, port)
        except (errors.ApiError, KeyboardInterrupt):
            return None


def _judging(repair: plans.Repair) -> codes.Codes:
    """Return the findings any of which shows that a port is not repaired.

    A port that cannot be bound has another finding afterwards.
    """
    is_bind = repair.action is plans.Action.BIND
    return codes.OF_HOST if is_bind else frozenset()


def _subject_of(
    repair: plans.Repair, row: plans.Finding
) -> health_findings.Subject:
    """Return the subject that a finding after a repair is about."""
    planned = repair.findings[0]
    if row.port_id == planned.port_id and row.code in _judging(repair):
        return planned.subject
    return row.subject


def _state(finding: plans.Finding) -> tuple[health_findings.Subject, str, str]:
    """Return the parts of a finding that must not have changed."""
    return finding.subject, finding.expected, finding.actual


def _label(finding: plans.Finding) -> str:
    if finding.port_id:
        return _('Port %s') % finding.port_id
    return _('Server %s') % finding.server_id
