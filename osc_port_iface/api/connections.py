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

"""Connections for parallel requests, which give up slow answers.

The timeout of a socket applies between two bytes. A service that sends one
byte per second never exceeds it, and would be read for hours, headers
included.

urllib3 keeps ten connections to a host or a proxy (``pool_maxsize`` of
``HTTPAdapter``). What more threads open is discarded after each request, with
a warning.
"""

import functools
from http import client
import io
import socket
import time
from typing import Any

import requests
from requests import adapters

from osc_port_iface.api import fan_out
from osc_port_iface.i18n import _

# The lowest acceptable rate of an answer, in bytes per second.
SLOWEST = 8 * 1024


class TooSlow(TimeoutError):
    """An answer arrives, but not fast enough.

    To urllib3 and requests it is a read timeout like any other.
    """


class Reader(io.RawIOBase):
    """Reads an answer as long as it arrives fast enough.

    From its first byte, an answer may take as long as the timeout, plus one
    second for each SLOWEST bytes.
    """

    def __init__(self, file: io.RawIOBase, timeout: float | None) -> None:
        """Read from a socket.

        :param file: The unbuffered file of the socket.
        :param timeout: Seconds; None for no limit.
        """
        self._file = file
        self._timeout = timeout
        self._began: float | None = None
        self._size = 0

    def readable(self) -> bool:
        """Return True, as io.BufferedReader requires."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what has arrived.

        :raises TooSlow: It arrived too late.
        """
        size = self._file.readinto(buffer)
        now = time.monotonic()
        if self._began is None:
            self._began = now
        self._size += size or 0
        if size and self._timeout is not None:
            passed = now - self._began
            if passed > self._timeout + self._size / SLOWEST:
                raise TooSlow(
                    _(
                        'the answer came too slowly: %(size)d bytes in '
                        '%(seconds).0f seconds'
                    )
                    % {'size': self._size, 'seconds': passed}
                )
        return size

    def close(self) -> None:
        """Close the file of the socket."""
        self._file.close()
        super().close()


class _Response(client.HTTPResponse):
    """A response whose status, headers and body a Reader reads."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        file = self.fp.detach()
        self.fp = io.BufferedReader(Reader(file, sock.gettimeout()))


class _ProxyManagers(dict[str, Any]):
    """Replaces the dictionary of an adapter's proxy managers."""

    def __setitem__(self, proxy: str, manager: Any) -> None:
        _watch(manager)
        super().__setitem__(proxy, manager)


def watch(session: requests.Session) -> None:
    """Make a session fit for parallel requests and slow answers.

    Its adapters are kept, as they hold the user's TLS settings.

    :param session: The session. If it is watched already, nothing changes.
    """
    for adapter in list(session.adapters.values()):
        if isinstance(adapter, adapters.HTTPAdapter) and _watch(
            adapter.poolmanager
        ):
            adapter.proxy_manager = _ProxyManagers()


def _watch(manager: Any) -> bool:
    """Watch new connections, keep enough, and stop using the old ones.

    :param manager: Any manager of connections, including one for SOCKS.
    :returns: Whether anything was changed.
    """
    pools = manager.pool_classes_by_scheme
    if all(
        issubclass(pool.ConnectionCls.response_class, _Response)
        for pool in pools.values()
    ):
        return False
    manager.pool_classes_by_scheme = {
        scheme: _watched(pool) for scheme, pool in pools.items()
    }
    settings = manager.connection_pool_kw
    settings['maxsize'] = max(settings['maxsize'], fan_out.MOST_WORKERS)
    manager.clear()
    return True


@functools.cache
def _watched(pool: Any) -> type:
    """Make a class of pools whose connections read through a Reader."""
    connection = type(
        pool.ConnectionCls.__name__,
        (pool.ConnectionCls,),
        {'response_class': _Response},
    )
    return type(pool.__name__, (pool,), {'ConnectionCls': connection})
