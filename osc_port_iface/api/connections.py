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

"""Connections on which an answer has to come fast enough.

The timeout of a socket is one between two bytes, which a service that sends a
byte a second never meets. It would be read for hours, headers included.
"""

from http import client
import io
import socket
import time
from typing import Any

import requests
from requests import adapters
from urllib3 import connection
from urllib3 import connectionpool
from urllib3 import poolmanager

from osc_port_iface.i18n import _

# Bytes a second that an answer has to come with in the long run, which is
# what a telephone line of the last century had.
SLOWEST = 8 * 1024


class TooSlow(TimeoutError):
    """An answer comes, but not fast enough.

    To urllib3 and requests it is a read timeout like any other.
    """


class Reader(io.RawIOBase):
    """Reads an answer as long as it comes fast enough.

    From its first byte on, an answer may take the timeout, and a second more
    for each SLOWEST bytes of it.
    """

    def __init__(self, file: io.RawIOBase, timeout: float | None) -> None:
        """Read from a socket.

        :param file: Its file, without a buffer.
        :param timeout: Seconds; None for as long as it takes.
        """
        self._file = file
        self._timeout = timeout
        self._began: float | None = None
        self._size = 0

    def readable(self) -> bool:
        """Say that it is for reading, as io.BufferedReader asks."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what there is.

        :raises TooSlow: It came too late.
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
    """Reads status, headers and body through a Reader."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        file = self.fp.detach()
        self.fp = io.BufferedReader(Reader(file, sock.gettimeout()))


class _HTTPConnection(connection.HTTPConnection):
    response_class = _Response


class _HTTPSConnection(connection.HTTPSConnection):
    response_class = _Response


class _HTTPConnectionPool(connectionpool.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSConnectionPool(connectionpool.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS = {'http': _HTTPConnectionPool, 'https': _HTTPSConnectionPool}


class _ProxyManagers(dict[str, Any]):
    """What an adapter keeps its connections through proxies in."""

    def __setitem__(self, proxy: str, manager: Any) -> None:
        _watch(manager)
        super().__setitem__(proxy, manager)


def watch(session: requests.Session) -> None:
    """Have a session give up answers that come too slowly.

    Its adapters stay the same: how they do TLS is the user's choice.

    :param session: Any session; nothing changes if it is watched already.
    """
    for adapter in list(session.adapters.values()):
        if isinstance(adapter, adapters.HTTPAdapter) and _watch(
            adapter.poolmanager
        ):
            adapter.proxy_manager = _ProxyManagers()


def _watch(manager: Any) -> bool:
    """Have new connections watched, and use none of the old ones.

    :returns: Whether there was anything to change. A manager with
        connections of its own kind, as for SOCKS, is left alone.
    """
    if manager.pool_classes_by_scheme != poolmanager.pool_classes_by_scheme:
        return False
    manager.pool_classes_by_scheme = _POOLS
    manager.clear()
    return True
