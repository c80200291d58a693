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

"""Times the plugin against a bare loop, in the client's environment.

``python -m benchmarks.overhead_client <url> <servers> <repetitions>``
writes a JSON list of rounds: for ``ours`` and ``bare``, the wall time and the
CPU time in seconds.
"""

from collections.abc import Callable
import json
import queue
import sys
import threading
import time

from keystoneauth1.identity import v3
from keystoneauth1 import session as ksa_session
from openstack.config import cloud_region

from benchmarks import loopback_cloud
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import fan_out
from osc_port_iface.interfaces.listing import views
from osc_port_iface import records

THREADS = fan_out.DEFAULT_WORKERS


def authenticated(url: str) -> ksa_session.Session:
    """Make an authenticated keystoneauth session."""
    session = ksa_session.Session(
        auth=v3.Password(
            f'{url}/v3',
            username='demo',
            password='demo',
            user_domain_id='default',
            project_id=loopback_cloud.PROJECT_ID,
        )
    )
    session.get_token()
    return session


def ours(url: str, server_ids: list[str]) -> Callable[[], object]:
    """Prepare the plugin, with settings such as OSC's."""
    cloud = api_cloud.Cloud(cloud_region.from_session(authenticated(url)))
    view = views.ComputeView(cloud, THREADS)
    servers = list(map(records.Server, server_ids))

    def run() -> None:
        answer = view.read(servers, _no_progress)
        expected = len(servers) * loopback_cloud.INTERFACES_PER_SERVER
        assert len(answer.rows) == expected and not answer.failures

    return run


def _no_progress(_servers: int) -> Callable[[], object]:
    return lambda: None


def bare(url: str, server_ids: list[str]) -> Callable[[], object]:
    """Prepare as many threads that only call ``Session.get``."""
    session = authenticated(url)

    def work(waiting: queue.SimpleQueue[str]) -> None:
        while True:
            try:
                server_id = waiting.get_nowait()
            except queue.Empty:
                return
            session.get(f'{url}/v2.1/servers/{server_id}/os-interface')

    def run() -> None:
        waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        for server_id in server_ids:
            waiting.put(server_id)
        threads = [
            threading.Thread(target=work, args=(waiting,))
            for _number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return run


def timed(run: Callable[[], object]) -> dict[str, float]:
    """Time one run."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return {
        'wall': time.perf_counter() - wall,
        'cpu': time.process_time() - cpu,
    }


def main(url: str, servers: str, repetitions: str) -> None:
    """Run both in turn, after a first run that is not counted."""
    server_ids = list(map(loopback_cloud.server_id, range(int(servers))))
    contestants = {
        'ours': ours(url, server_ids),
        'bare': bare(url, server_ids),
    }
    for run in contestants.values():
        run()
    rounds = []
    for _number in range(int(repetitions)):
        rounds.append({name: timed(run) for name, run in contestants.items()})
        # Reverse the order for the next round.
        contestants = dict(reversed(contestants.items()))
    print(json.dumps(rounds))


if __name__ == '__main__':
    main(*sys.argv[1:])
