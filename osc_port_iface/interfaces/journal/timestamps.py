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

"""The times of a journal."""

import datetime


def as_text(moment: datetime.datetime) -> str:
    """Write a time in UTC, as a user can give it back."""
    utc = moment.astimezone(datetime.UTC)
    return utc.isoformat(timespec='milliseconds').replace('+00:00', 'Z')


def from_ms(milliseconds: int) -> datetime.datetime:
    """Convert a time of a journal."""
    epoch = datetime.datetime.fromtimestamp(0, datetime.UTC)
    return epoch + datetime.timedelta(milliseconds=milliseconds)
