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

"""Logs each write to the disk, before it is sent and after it."""

from collections.abc import Iterator
import contextlib
import datetime
import errno
import io
import json
import os
import pathlib
from typing import Any

from osc_port_iface.api import writing
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import findings
from osc_port_iface import printable

# A pipe or a terminal cannot be synchronized.
_NO_DISK = frozenset({errno.EINVAL, errno.ENOTSUP})


class LogFailed(Exception):
    """The log cannot be written, so nothing more may be sent."""


class Log:
    """Appends JSON lines to a file."""

    def __init__(self, file: io.FileIO | None, user: str | None) -> None:
        """Write to a file.

        :param file: The file, without a buffer; None to write nothing.
        :param user: The user who sends the requests.
        """
        self._file = file
        self._user = user

    def intend(
        self, finding: findings.Finding, call: writing.PlannedCall
    ) -> None:
        """Log that a request is about to be sent.

        :raises LogFailed: It could not be logged.
        """
        self._append('request', finding, call)

    def conclude(
        self,
        finding: findings.Finding,
        call: writing.PlannedCall,
        result: writing.CallResult,
    ) -> None:
        """Log the result of a request that was sent.

        :raises LogFailed: It could not be logged.
        """
        self._append(
            'result',
            finding,
            call,
            request_id=result.request_id,
            status=result.status,
            after=result.after,
            problem=result.problem,
        )

    def _append(
        self,
        event: str,
        finding: findings.Finding,
        call: writing.PlannedCall,
        **more: Any,
    ) -> None:
        if self._file is None:
            return
        line = {
            'time': datetime.datetime.now(datetime.UTC).isoformat(),
            'event': event,
            'user': self._user,
            **call.as_json(),
            'server_id': finding.server_id,
            'port_id': call.port_id or finding.port_id,
            'before': {'finding': finding.actual, **call.before},
            **more,
        }
        data = f'{json.dumps(line)}\n'.encode()
        try:
            if self._file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            _synchronize(self._file)
        except OSError as error:
            raise LogFailed(
                _('The log cannot be written: %s')
                % printable.one_line(str(error))
            ) from error


@contextlib.contextmanager
def opened(path: pathlib.Path | None, user: str | None) -> Iterator[Log]:
    """Open the log of a run.

    :param path: The file, to which lines are appended; None for no log.
    :param user: The user who sends the requests.
    :raises LogFailed: The file cannot be opened.
    """
    if path is None:
        yield Log(None, user)
        return
    try:
        file = path.open('ab', buffering=0)
    except OSError as error:
        raise LogFailed(printable.one_line(str(error))) from error
    with file:
        yield Log(file, user)


def _synchronize(file: io.FileIO) -> None:
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in _NO_DISK:
            raise
