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

"""Logs each write before it is sent and after it, and each outcome."""

from collections.abc import Iterator, Mapping
import contextlib
import dataclasses
import datetime
import errno
import io
import json
import os
import pathlib
from typing import Any

from osc_lib import exceptions

from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.repair import outcome as outcomes
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface import printable


class LogFailed(exceptions.CommandError):
    """The log cannot be written, so nothing more may be sent."""


@dataclasses.dataclass(frozen=True)
class Log:
    """Appends JSON lines to a file.

    :ivar file: The file, without a buffer; None to write nothing.
    :ivar caller: Who sends the requests.
    """

    file: io.FileIO | None
    caller: Mapping[str, str | None]

    def request(self, repair: plans.Repair, call: writing.PlannedCall) -> None:
        """Log that a request is about to be sent.

        :raises LogFailed: It could not be logged.
        """
        self._append('request', **_request(repair, call))

    def result(
        self,
        repair: plans.Repair,
        call: writing.PlannedCall,
        result: writing.CallResult,
    ) -> None:
        """Log the result of a request that was sent.

        :raises LogFailed: It could not be logged.
        """
        answer = dataclasses.asdict(result)
        self._append('result', **_request(repair, call), **answer)

    def outcome(self, outcome: outcomes.Outcome) -> None:
        """Log the outcome of a finding, with what was read back.

        :raises LogFailed: It could not be logged.
        """
        finding = outcome.finding
        self._append(
            'outcome',
            server_id=finding.server_id,
            port_id=finding.port_id,
            finding=finding.code,
            action=outcome.action,
            result=outcome.result,
            before=finding.actual,
            after=outcome.after,
            reason=outcome.reason,
        )

    def _append(self, event: str, **details: Any) -> None:
        if self.file is None:
            return
        line = {
            'time': datetime.datetime.now(datetime.UTC).isoformat(),
            'event': event,
            **self.caller,
            **details,
        }
        data = f'{json.dumps(line)}\n'.encode()
        try:
            if self.file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise LogFailed(
                _('The log cannot be written: %s') % error.strerror
            ) from error


def _request(
    repair: plans.Repair, call: writing.PlannedCall
) -> dict[str, Any]:
    """Describe a request, and what it is to repair."""
    return {
        **call.as_json(),
        'server_id': repair.findings[0].server_id,
        'port_id': call.port_id,
        'findings': [
            {
                'finding': finding.code,
                'port_id': finding.port_id,
                'actual': finding.actual,
            }
            for finding in repair.findings
            if call in repair.calls_for(finding)
        ],
        'before': call.before,
    }


@contextlib.contextmanager
def opened(
    path: pathlib.Path | None, caller: Mapping[str, str | None]
) -> Iterator[Log]:
    """Open the log of a run.

    :param path: The file, to which lines are appended; None for no log.
    :param caller: Who sends the requests.
    :raises LogFailed: The file cannot be opened.
    """
    if path is None:
        yield Log(None, caller)
        return
    try:
        file = io.FileIO(path, 'a', opener=_synchronous)
    except OSError as error:
        shown = printable.one_line(str(path))
        raise LogFailed(f'{shown}: {error.strerror}') from error
    with file:
        yield Log(file, caller)


def _synchronous(path: str, flags: int) -> int:
    """Open a file so that each line is on the disk when it is written."""
    return os.open(path, flags | os.O_SYNC, 0o666)
