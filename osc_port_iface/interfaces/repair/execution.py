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

from collections.abc import Callable, Sequence
import contextlib
import dataclasses
import enum
import threading
import time

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.api import neutron
from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import check
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import confirm
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import server_state
from osc_port_iface.interfaces.repair import audit
from osc_port_iface.interfaces.repair import claims
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import records

# Seconds between two checks of a repair.
_INTERVAL = 1.0


class Result(enum.StrEnum):
    """The result of a repair. Scripts rely on the values."""

    REPAIRED = 'repaired'
    PLANNED = 'planned'
    NOT_REPAIRABLE = 'not repairable'
    REFUSED = 'refused'
    STILL_THERE = 'still there'
    SKIPPED = 'skipped'


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The outcome of a finding.

    :ivar repair: The planned repair.
    :ivar result: The result.
    :ivar after: The state at the end; None if it was not read.
    :ivar reason: Why it is not repaired.
    :ivar remains: Whether something is still wrong, as far as known.
    """

    repair: plans.Repair
    result: Result
    after: str | None = None
    reason: str | None = None
    remains: bool = True


Subject = tuple[str | None, str | None, str | None, codes.Code]


class _Surprise(Exception):
    """Something is not as planned, so nothing more is sent.

    :ivar outcomes: The outcomes of the step that was interrupted.
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
        request: check.CheckRequest,
        timeout: float,
    ) -> None:
        """Prepare a run; nothing is sent.

        :param cloud: The services.
        :param writer: The writer that made the requests of the plan.
        :param log: The log of all requests.
        :param request: What was checked, and will be checked again.
        :param timeout: Seconds to wait for a finding to disappear.
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
        findings: Sequence[findings.Finding],
        interrupted: threading.Event,
    ) -> list[Outcome]:
        """Execute the steps of a plan, up to the first surprise.

        :param plan: The plan.
        :param findings: All findings at the time of the plan.
        :param interrupted: Ends the run between two steps.
        :returns: An outcome for each finding of the plan, in the same order.
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
        """Execute one step, and read back the result.

        :raises _Surprise: Something is not as planned.
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
        """Check that everything is still as it was when planned.

        :returns: Whether all findings are gone already.
        :raises _Surprise: Something has changed.
        """
        planned = [repair.finding for repair in step.repairs]
        if step.repairs[0].resumes:
            now = planned if self._is_as_left(step.repairs[0]) else []
        else:
            answer = confirm.confirm(self._cloud, planned, self._request.keep)
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

    def _is_settled(self, finding: findings.Finding) -> bool:
        """Tell whether a finding is gone because nothing is wrong any more.

        There are also no findings while a server is being changed.

        :raises errors.NotFound: The server no longer exists.
        """
        return finding.server is None or server_state.is_settled(
            self._cloud.compute.server(finding.server.id)
        )

    def _has_server(self, finding: findings.Finding) -> bool:
        """Tell whether the server of a finding exists, if it has one."""
        try:
            self._is_settled(finding)
        except errors.NotFound:
            return False
        return True

    def _guard(self, repair: plans.Repair, request: writing.Request) -> None:
        """Make sure that a port to be deleted is still unused.

        :raises _Surprise: The port is in use now.
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

    def _port(self, finding: findings.Finding) -> records.Port | None:
        ports = names.complete(
            self._cloud.network.list(
                neutron.PORTS, 'id', [finding.port_id or '']
            )
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
    ) -> tuple[list[Outcome], list[findings.Finding]]:
        """Check until all findings of a step are gone, or the time is up.

        :returns: The outcomes, and any other findings now.
        :raises _Surprise: The server cannot be judged.
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

    def _look(
        self, findings: Sequence[findings.Finding]
    ) -> confirm.ConfirmResult:
        """Check the server of findings, or their ports."""
        server = findings[0].server
        if server is None:
            return confirm.confirm(self._cloud, findings, self._request.keep)
        request = dataclasses.replace(
            self._request,
            names_or_ids=(server.id,),
            scope=compute.ServerScope(),
            named=frozenset(),
        )
        return check.check(self._cloud, request, _no_progress)


def planned(plan: plans.Plan) -> list[Outcome]:
    """Return the outcomes of a plan that is not executed."""
    return [
        Outcome(repair, Result.PLANNED)
        if repair.action
        else Outcome(repair, Result.NOT_REPAIRABLE, reason=repair.reason)
        for repair in plan.repairs
    ]


def skipped(repairs: Sequence[plans.Repair]) -> list[Outcome]:
    """Return the outcomes of repairs that were skipped."""
    return [Outcome(repair, Result.SKIPPED) for repair in repairs]


def _seen(finding: findings.Finding) -> tuple[Subject, str, str]:
    """Return the parts of a finding that must not have changed."""
    return finding.subject, finding.expected, finding.actual


def _called(finding: findings.Finding) -> str:
    if finding.port_id:
        return _('Port %s') % finding.port_id
    return _('Server %s') % finding.server_id


def _no_progress(
    _total: int,
) -> contextlib.AbstractContextManager[Callable[[], object]]:
    return contextlib.nullcontext(lambda: None)
