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

"""Keeps paths from leading elsewhere."""

import re

from osc_port_iface.api import errors
from osc_port_iface.i18n import _

# Keystone writes UUIDs without hyphens.
UUID = re.compile('[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}', re.IGNORECASE)


def checked_id(text: str, what: str, pattern: re.Pattern[str] = UUID) -> str:
    """Return a text that may be a part of a path, as it is an ID.

    :param text: The text.
    :param what: What is requested, as the beginning of the message.
    :param pattern: What an ID looks like; a UUID by default.
    :returns: The same text.
    :raises errors.NotFound: It is no such ID.
    """
    if not pattern.fullmatch(text):
        raise errors.NotFound(_('%s: not an ID') % what)
    return text
