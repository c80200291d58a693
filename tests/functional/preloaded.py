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

"""Runs ``openstack`` without importing it for each command.

Imports take most of the CPU time of a short command. This program imports the
client and the plugin once, and forks for each command; the child then runs the
same as the script ``openstack``. It runs in the environment of the client, so
it uses the standard library only, and nothing of the tests.
"""

from collections.abc import Callable
import contextlib
import gc
import importlib
import json
import logging
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
import time
from typing import Any
from typing import NoReturn


def preload(main: Callable[[list[str]], int]) -> None:
    """Do what a command does before it needs a cloud, and import the plugin.

    The entry points are read then, and the names of all distributions, which
    take half of the CPU time that imports leave.
    """
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    with (
        open(os.devnull, 'w') as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.suppress(SystemExit),
    ):
        main(['server', 'interface', 'list', '--help'])
    root.handlers[:] = handlers
    root.setLevel(level)
    plugin = importlib.import_module('osc_port_iface')
    for info in pkgutil.walk_packages(plugin.__path__, 'osc_port_iface.'):
        importlib.import_module(info.name)
    # Garbage collection would copy the memory shared with the children.
    gc.freeze()


def obey(order: dict[str, Any], descriptors: list[int]) -> None:
    """Become the process of one command.

    :param order: The ``arguments``, beginning with the program; the
        ``directory``; the ``environment``; the ``timeout`` in seconds, or 0;
        and the limit of ``memory`` in kilobytes, or None.
    :param descriptors: The files for standard input, output and error.
    """
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    # As Python does when it starts on a terminal.
    stdout: Any = sys.stdout
    stdout.reconfigure(line_buffering=stdout.isatty())
    os.chdir(order['directory'])
    os.environ.clear()
    os.environ.update(order['environment'])
    time.tzset()
    if order['memory']:
        limit = order['memory'] * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    signal.alarm(order['timeout'])
    sys.argv[:] = order['arguments']


def serve(listener: socket.socket, client: int) -> bool:
    """Fork for each order, and answer with the exit status.

    :param listener: The socket for orders; several may be open at a time.
    :param client: A file that is at its end when there are no more orders.
    :returns: True in the process of a command; False in this process, when
        there are no more orders.
    """
    # Nobody waits for the processes that wait for the commands.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while client not in select.select([listener.fileno(), client], [], [])[0]:
        connection, _address = listener.accept()
        with connection:
            if os.fork():
                continue
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            message, descriptors, _flags, _address = socket.recv_fds(
                connection, 65536, 3
            )
            while more := connection.recv(65536):
                message += more
            child = os.fork()
            if child:
                for descriptor in descriptors:
                    os.close(descriptor)
                _child, status = os.waitpid(child, 0)
                code = os.waitstatus_to_exitcode(status)
                connection.send(str(code).encode())
                os._exit(0)
        obey(json.loads(message), descriptors)
        return True
    return False


def finish(main: Callable[[], int]) -> NoReturn:
    """Exit as after a program, but without freeing all that was imported.

    That would take as much CPU time as a short command.
    """
    try:
        status: Any = main()
    except SystemExit as error:
        status = error.code or 0
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


if __name__ == '__main__':
    listener = socket.socket(fileno=int(sys.argv.pop()))
    # cliff reads its name from there when it is imported (app.App.NAME).
    sys.argv[0] = 'openstack'

    from openstackclient import shell

    preload(shell.main)
    if serve(listener, sys.stdin.fileno()):
        finish(shell.main)
