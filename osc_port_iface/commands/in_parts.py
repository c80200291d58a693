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

"""Long lists in YAML, in bounded memory."""

import argparse
from collections.abc import Iterable, Sequence
import itertools
from typing import TextIO

from cliff.formatters import base

from osc_port_iface.commands import cells


class InParts(base.ListFormatter):
    """Emits YAML in parts, which together make the same list.

    PyYAML keeps a node of about a kilobyte in memory for each value until the
    whole list is written.
    """

    _ROWS = 500

    def __init__(self, formatter: base.ListFormatter) -> None:
        self._formatter = formatter

    def add_argument_group(self, parser: argparse.ArgumentParser) -> None:
        """Add nothing; the formatter itself has done so."""

    def emit_list(
        self,
        column_names: Sequence[str],
        data: Iterable[Sequence[cells.Cell]],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        rows = iter(data)
        part = list(itertools.islice(rows, self._ROWS))
        while True:
            self._formatter.emit_list(column_names, part, stdout, parsed_args)
            part = list(itertools.islice(rows, self._ROWS))
            if not part:
                return
