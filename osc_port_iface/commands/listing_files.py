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

"""Files of saved listings that people give to a command."""

import datetime
import pathlib

from osc_lib import exceptions

from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.changes import listing_diff
from osc_port_iface.interfaces.changes import saved_listing
from osc_port_iface import printable
from osc_port_iface import text_files


def read(path: str) -> listing_diff.Listing:
    """Read a saved listing.

    :param path: The file; ``-`` for standard input.
    :raises exceptions.CommandError: The file cannot be read.
    :raises plugin_command.UsageError: It is not a listing.
    """
    name = _('standard input') if path == '-' else printable.one_line(path)
    try:
        return saved_listing.read(name, text_files.read(path))
    except OSError as error:
        raise exceptions.CommandError(
            printable.one_line(f'{path}: {error.strerror or error}')
        ) from None
    except saved_listing.NotAListing as error:
        raise plugin_command.UsageError(str(error)) from None


def changed_at(path: str) -> datetime.datetime:
    """Return when a file was last changed, which is when it was written.

    :raises plugin_command.UsageError: It is standard input.
    """
    if path == '-':
        raise plugin_command.UsageError(
            _('Standard input needs its time, with --listed-at.')
        )
    seconds = pathlib.Path(path).stat().st_mtime
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
