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

"""What an observation saw and stored."""

import dataclasses
import datetime


def as_text(moment: datetime.datetime) -> str:
    """Write a time in UTC, as a user can give it back."""
    utc = moment.astimezone(datetime.UTC)
    return utc.isoformat(timespec='milliseconds').replace('+00:00', 'Z')


def moment(milliseconds: int) -> datetime.datetime:
    """Convert a time of a journal."""
    epoch = datetime.datetime.fromtimestamp(0, datetime.UTC)
    return epoch + datetime.timedelta(milliseconds=milliseconds)


@dataclasses.dataclass(frozen=True)
class Summary:
    """What an observation stored.

    :ivar began: When it began, by the clock of the services.
    :ivar ended: When it ended, likewise.
    :ivar objects: How many objects were seen.
    :ivar changed: How many of them are new or different.
    :ivar gone: How many objects have vanished.
    """

    number: int
    region: str
    began: datetime.datetime
    ended: datetime.datetime
    objects: int
    changed: int
    gone: int
    is_complete: bool
