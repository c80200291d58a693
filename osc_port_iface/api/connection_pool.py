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

"""A connection for each of the threads that send requests.

urllib3 keeps ten connections to a host or a proxy (``pool_maxsize`` of
``HTTPAdapter``), and those to ten hosts (``pool_connections``). What more
threads open is discarded after each request, with a warning, and several
regions have more hosts.
"""

from keystoneauth1 import session as ksa_session
import requests

from osc_port_iface.api import fan_out

# What keystoneauth passes on to its adapter, in the releases that have it.
_TLS_SETTINGS = ('tls_ciphers', 'tls_min_version')


class _LargePoolAdapter(ksa_session.TCPKeepAliveAdapter):
    """Sends requests as keystoneauth does, over more connections."""


def enlarge(session: requests.Session) -> None:
    """Let a session keep as many connections as there may be threads.

    An adapter that the user's program has mounted is kept.

    :param session: The session, which no thread may use yet.
    """
    for prefix, adapter in list(session.adapters.items()):
        if type(adapter) is ksa_session.TCPKeepAliveAdapter:
            settings = {
                name: value
                for name in _TLS_SETTINGS
                if (value := getattr(adapter, name, None))
            }
            session.mount(
                prefix,
                _LargePoolAdapter(
                    pool_connections=fan_out.MOST_WORKERS,
                    pool_maxsize=fan_out.MOST_WORKERS,
                    **settings,
                ),
            )
