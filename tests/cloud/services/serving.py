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

"""Serves a WSGI application on loopback, with a thread for each client."""

from collections.abc import Callable
import gc
import pathlib
import threading

from werkzeug import serving

from tests.cloud.services import forking


def serve(
    application: Callable[..., object],
    port: int,
    log_directory: pathlib.Path,
    name: str,
    processes: int = 1,
) -> None:
    """Serve an application until the process ends.

    :param application: The WSGI application.
    :param port: The port on 127.0.0.1.
    :param log_directory: The directory for ``<name>-access.log``.
    :param name: The name of the service.
    :param processes: How many share the port. They end with this one.
    """
    # Neither looks through all that is loaded again and again.
    gc.freeze()
    gc.set_threshold(20_000)
    access_log = (log_directory / f'{name}-access.log').open('a', buffering=1)

    class RequestHandler(serving.WSGIRequestHandler):
        # Without this the headers wait 40 ms for the client's delayed ACK.
        disable_nagle_algorithm = True

        def log_request(
            self, code: int | str = '-', size: int | str = '-'
        ) -> None:
            access_log.write(f'{self.command} {self.path} {int(code)}\n')

    server = serving.make_server(
        '127.0.0.1',
        port,
        application,
        threaded=True,
        request_handler=RequestHandler,
    )
    if processes > 1:
        forking.fork(processes - 1)
    server.serve_forever()


def serve_in_thread(
    application: Callable[..., object],
    port: int,
    log_directory: pathlib.Path,
    name: str,
) -> None:
    """Serve an application for as long as the process lives."""
    threading.Thread(
        target=serve,
        args=(application, port, log_directory, name),
        daemon=True,
    ).start()
