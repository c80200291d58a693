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

"""Reads the environment once for each host, in place of each request.

requests looks there for proxies and certificates, and goes through all
variables several times for each request
(``Session.merge_environment_settings``, ``utils.get_environ_proxies``). That
is about a quarter of the CPU time of a request, and the environment of a
command does not change.
"""

from typing import Any
from urllib import parse

import requests


class _Settings:
    """Replaces ``merge_environment_settings`` of a session."""

    def __init__(self, session: requests.Session) -> None:
        self._merge = session.merge_environment_settings
        self._merged: dict[str, Any] = {}

    def __call__(
        self, url: str, *options: Any, **named_options: Any
    ) -> dict[str, Any]:
        host = parse.urlsplit(url)[:2]
        key = repr((host, options, named_options))
        if key not in self._merged:
            self._merged[key] = self._merge(url, *options, **named_options)
        merged = self._merged[key]
        # The proxies belong to the request.
        return {**merged, 'proxies': dict(merged['proxies'])}


def remember(session: requests.Session) -> None:
    """Make a session read the environment once for each host.

    :param session: The session. If it does so already, nothing changes.
    """
    if not isinstance(session.merge_environment_settings, _Settings):
        settings: Any = _Settings(session)
        session.merge_environment_settings = settings  # type: ignore[method-assign]
