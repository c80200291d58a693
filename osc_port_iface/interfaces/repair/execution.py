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

"""Does a plan, step by step, and reads back what came of it."""

from collections.abc import Callable, Sequence
import contextlib
import dataclasses
import enum
import threading
import time

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import checking
from osc_port_iface.interfaces import codes
from osc_port_iface.interfaces import confirming
from osc_port_iface.interfaces import drift
from osc_port_iface.interfaces import names
from osc_port_iface.interfaces.repair import audit
from osc_port_iface.interfaces.repair import claims
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface import records

# Seconds between two looks at what was repaired.
_INTERVAL = 1.0


class Result(enum.StrEnum):
    """What came of a finding; the values are an interface for scripts."""

    REPAIRED = 'repaired'
    PLANNED = 'planned'
    NOT_REPAIRABLE = 'not repairable'
    REFUSED = 'refused'
    STILL_THERE = 'still there'
    SKIPPED = 'skipped'


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a finding.

    :ivar repair: What was planned.
    :ivar result: The result.
    :ivar after: What was seen in the end; None if nobody looked.
    :ivar reason: Why it is not repaired.
    :ivar remains: Whether something is still wrong, as far as is known.
    """

    repair: plans.Repair
    result: Result
    after: str | None = None
    reason: str | None = None
    remains: bool = True


Subject = tuple[str | None, str | None, str | None, codes.Code]


class _Surprise(Exception):
    """Something is not as planned, so that nothing more is sent.

    :ivar outcomes: What came of the step in which it was met.
    """

    def __init__(self, problem: str, outcomes: Sequence[Outcome]) -> None:
        super().__init__(problem)
        self.outcomes = outcomes


class Execution:
    """One run of a plan."""

    def __init__(
        self,
        cloud: api_cloud.Cloud,
        writer: writing.Writer,
        log: audit.Log,
        request: checking.Request,
        timeout: float,
    ) -> None:
        """Prepare a run; nothing is sent.

        :param cloud: The services.
        :param writer: What the plan was made with.
        :param log: Where each request is noted.
        :param request: What was checked, and is checked again.
        :param timeout: Seconds until a finding that is still there counts as
            such.
        """
        self._cloud = cloud
        self._writer = writer
        self._log = log
        self._request = request
        self._timeout = timeout
        self.failures: list[str] = []

    def run(
        self,
        plan: plans.Plan,
        findings: Sequence[drift.Finding],
        interrupted: threading.Event,
    ) -> list[Outcome]:
        """Do all steps of a plan, up to the first surprise.

        :param plan: The plan.
        :param findings: All that was found when it was made.
        :param interrupted: Ends the run between two steps.
        :returns: An outcome for each finding of the plan, in their order.
        """
        outcomes = [
            Outcome(repair, Result.NOT_REPAIRABLE, reason=repair.reason)
            for repair in plan.left
        ]
        known = {finding.subject for finding in findings}
        steps = iter(plan.steps)
        try:
            for step in steps:
                if interrupted.is_set():
                    outcomes += skipped(step.repairs)
                    break
                outcomes += self._do(step, known, interrupted)
        except _Surprise as surprise:
            self.failures.append(str(surprise))
            outcomes += surprise.outcomes
        for step in steps:
            outcomes += skipped(step.repairs)
        return sorted(
            outcomes, key=lambda outcome: outcome.repair.finding.order
        )

    def _do(
        self,
        step: plans.Step,
        known: set[Subject],
        interrupted: threading.Event,
    ) -> list[Outcome]:
        """Do one step, and read back what came of it.

        :raises _Surprise: With what came of the step nevertheless.
        """
        try:
            try:
                return self._do_unless_gone(step, known, interrupted)
            except errors.NotFound:
                if self._has_server(step.repairs[0].finding):
                    raise
                return [
                    Outcome(
                        repair,
                        Result.SKIPPED,
                        reason=_('the server no longer exists'),
                        remains=False,
                    )
                    for repair in step.repairs
                ]
        except errors.ApiError as error:
            raise _Surprise(str(error), skipped(step.repairs)) from error

    def _do_unless_gone(
        self,
        step: plans.Step,
        known: set[Subject],
        interrupted: threading.Event,
    ) -> list[Outcome]:
        if self._is_gone(step):
            return [
                Outcome(
                    repair,
                    Result.SKIPPED,
                    repair.finding.expected,
                    remains=False,
                )
                for repair in step.repairs
            ]
        for request in step.requests:
            self._guard(step.repairs[0], request)
            self._send(step, request)
        outcomes, new = self._read_back(step, known, interrupted)
        if new:
            raise _Surprise(
                _('%(name)s: %(code)s is new')
                % {'name': _called(new[0]), 'code': new[0].code},
                outcomes,
            )
        return outcomes

    def _is_gone(self, step: plans.Step) -> bool:
        """Look whether everything is as it was planned.

        :returns: Whether all of it is gone already.
        :raises _Surprise: Something has changed.
        """
        planned = [repair.finding for repair in step.repairs]
        if step.repairs[0].resumes:
            now = planned if self._is_as_left(step.repairs[0]) else []
        else:
            answer = confirming.confirm(
                self._cloud, planned, self._request.keep
            )
            now = names.complete(answer)
            if answer.unjudged:
                raise _Surprise(answer.notices[0], skipped(step.repairs))
        if not now and all(map(self._is_settled, planned)):
            return True
        unchanged = {_seen(finding) for finding in now}
        for finding in planned:
            if _seen(finding) not in unchanged:
                raise _Surprise(
                    _('%s: not as it was when the plan was made')
                    % _called(finding),
                    skipped(step.repairs),
                )
        return False

    def _is_as_left(self, repair: plans.Repair) -> bool:
        """Tell whether a port is as an earlier run left it."""
        left = repair.finding.port
        now = self._port(repair.finding)
        return (
            left is not None
            and now is not None
            and now.device_id == left.device_id
            and now.admin_state_up == left.admin_state_up
            and set(now.tags) == set(left.tags)
        )

    def _is_settled(self, finding: drift.Finding) -> bool:
        """Tell whether a finding is gone because nothing is wrong.

        While something is done to a server, nothing is found.

        :raises errors.NotFound: The server no longer exists.
        """
        return finding.server is None or drift.is_settled(
            self._cloud.compute.server(finding.server.id)
        )

    def _has_server(self, finding: drift.Finding) -> bool:
        """Tell whether the server of a finding exists, if it has one."""
        try:
            self._is_settled(finding)
        except errors.NotFound:
            return False
        return True

    def _guard(self, repair: plans.Repair, request: writing.Request) -> None:
        """Let no port be deleted that somebody has begun to use.

        :raises _Surprise: Somebody has.
        """
        if repair.action is not plans.Action.DELETE or (
            request is not repair.requests[-1]
        ):
            return
        port = self._port(repair.finding)
        if port is None:
            return
        reason = claims.read(self._cloud, [port]).get(port.id)
        if port.device_id not in (None, repair.finding.server_id):
            reason = _('it has another device now')
        if reason:
            raise _Surprise(
                f'{_called(repair.finding)}: {reason}', skipped([repair])
            )

    def _port(self, finding: drift.Finding) -> records.Port | None:
        ports = names.complete(
            self._cloud.network.ports([finding.port_id or ''])
        )
        return ports[0] if ports else None

    def _send(self, step: plans.Step, request: writing.Request) -> None:
        answer = self._writer.send(request)
        self._log.write(step.repairs[0].finding, request, answer)
        if not answer.problem:
            return
        result = Result.SKIPPED
        if answer.is_refused:
            result = Result.REFUSED
        raise _Surprise(
            answer.problem,
            [
                Outcome(repair, result, reason=answer.problem)
                for repair in step.repairs
            ],
        )

    def _read_back(
        self,
        step: plans.Step,
        known: set[Subject],
        interrupted: threading.Event,
    ) -> tuple[list[Outcome], list[drift.Finding]]:
        """Look until all of a step is gone, or the time is over.

        :returns: The outcomes, and what else is wrong now.
        :raises _Surprise: Nothing can be said of the server.
        """
        planned = [repair.finding for repair in step.repairs]
        deadline = time.monotonic() + self._timeout
        while True:
            answer = self._look(planned)
            found = {row.subject: row for row in names.complete(answer)}
            still = [row for row in planned if row.subject in found]
            new = [row for row in found.values() if row.subject not in known]
            is_known = bool(still) or (
                not answer.unjudged and self._is_settled(planned[0])
            )
            is_over = time.monotonic() >= deadline or interrupted.is_set()
            if is_over or (is_known and not still and not new):
                break
            time.sleep(_INTERVAL)
        if not is_known:
            raise _Surprise(
                _(
                    '%s: not known whether it is repaired, as the server is '
                    'still being changed'
                )
                % _called(planned[0]),
                skipped(step.repairs),
            )
        outcomes = []
        for repair in step.repairs:
            row = found.get(repair.finding.subject)
            if row is None:
                outcome = Outcome(
                    repair,
                    Result.REPAIRED,
                    repair.finding.expected,
                    remains=False,
                )
            else:
                outcome = Outcome(
                    repair,
                    Result.STILL_THERE,
                    row.actual,
                    _("the page on 'check' says what else may help"),
                )
            outcomes.append(outcome)
        return outcomes, new

    def _look(self, findings: Sequence[drift.Finding]) -> confirming.Answer:
        """Check the server of findings, or look whether they are there."""
        server = findings[0].server
        if server is None:
            return confirming.confirm(
                self._cloud, findings, self._request.keep
            )
        request = dataclasses.replace(
            self._request,
            names_or_ids=(server.id,),
            scope=compute.ServerScope(),
            is_explicit=False,
        )
        return checking.check(self._cloud, request, _no_progress)


def planned(plan: plans.Plan) -> list[Outcome]:
    """Say what would come of a plan, if nothing is done."""
    return [
        Outcome(repair, Result.PLANNED)
        if repair.action
        else Outcome(repair, Result.NOT_REPAIRABLE, reason=repair.reason)
        for repair in plan.repairs
    ]


def skipped(repairs: Sequence[plans.Repair]) -> list[Outcome]:
    """Say that nothing was done about findings."""
    return [Outcome(repair, Result.SKIPPED) for repair in repairs]


def _seen(finding: drift.Finding) -> tuple[Subject, str, str]:
    """Return what must not have changed since the plan was made."""
    return finding.subject, finding.expected, finding.actual


def _called(finding: drift.Finding) -> str:
    if finding.port_id:
        return _('Port %s') % finding.port_id
    return _('Server %s') % finding.server_id


def _no_progress(
    _total: int,
) -> contextlib.AbstractContextManager[Callable[[], object]]:
    return contextlib.nullcontext(lambda: None)
