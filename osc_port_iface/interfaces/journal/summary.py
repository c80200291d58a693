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
    return utc.strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3] + 'Z'


@dataclasses.dataclass(slots=True)
class Counts:
    """What an observation found.

    :ivar objects: The objects that were seen.
    :ivar changed: Those that are new or different.
    :ivar gone: The objects that have vanished.
    """

    objects: int = 0
    changed: int = 0
    gone: int = 0


@dataclasses.dataclass(frozen=True)
class Summary:
    """What an observation stored.

    :ivar skew: How many seconds the clock of the recorder is behind that of
        the services.
    """

    number: int
    region: str
    began: datetime.datetime
    ended: datetime.datetime
    skew: float
    counts: Counts
    is_complete: bool
