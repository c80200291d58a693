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

"""Logs each write to the disk before the next one is sent."""

import contextlib
import datetime
import json
import os
from typing import Any, TextIO

from osc_port_iface.api import writing
from osc_port_iface.interfaces.health import findings


class Log:
    """Appends JSON lines to a file."""

    def __init__(self, file: TextIO | None, user: str | None) -> None:
        """Write to a file.

        :param file: The file; None to write nothing.
        :param user: The user who sends the requests.
        """
        self._file = file
        self._user = user

    def write(
        self,
        finding: findings.Finding,
        request: writing.Request,
        answer: writing.Answer,
    ) -> None:
        """Log a request that was sent.

        :raises OSError: It could not be logged, so nothing more may be sent.
        """
        self._append(
            {
                'request_id': answer.request_id,
                'user': self._user,
                **request.as_json(),
                'server_id': finding.server_id,
                'port_id': finding.port_id,
                'before': {'finding': finding.actual, **request.before},
                'status': answer.status,
                'after': answer.after,
                'problem': answer.problem,
            }
        )

    def _append(self, line: dict[str, Any]) -> None:
        if self._file is None:
            return
        now = datetime.datetime.now(datetime.UTC)
        json.dump({'time': now.isoformat(), **line}, self._file)
        self._file.write('\n')
        self._file.flush()
        # A pipe or a terminal cannot be synchronized.
        with contextlib.suppress(OSError):
            os.fsync(self._file.fileno())
