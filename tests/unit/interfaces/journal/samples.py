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

"""A journal to test with, and the simplest model of one."""

from collections.abc import Mapping, Sequence
import json
from typing import Any

from osc_port_iface.interfaces.journal import engines
from osc_port_iface.interfaces.journal import history
from osc_port_iface.interfaces.journal import observing

# The ports of a moment: the address, the server and the status of each.
State = Mapping[str, tuple[str, str, str]]

# Milliseconds between observations, and how long each takes.
EVERY, TAKES = 60_000, 5_000


def port(identifier: str, address: str, server: str, status: str) -> bytes:
    found = {
        'id': identifier,
        'fixed_ips': [{'ip_address': address, 'subnet_id': 'subnet-1'}],
        'device_id': server,
        'status': status,
    }
    return json.dumps(found, sort_keys=True).encode()


def rows(state: State) -> list[bytes]:
    return [port(key, *values) for key, values in state.items()]


def observe(
    location: str, state: State | None, scope: Mapping[str, str] = {}
) -> observing.Observation:
    """Record the ports of a moment; None if they are hidden."""
    with engines.open_to_write(location) as connection:
        observation = observing.Observation(connection, 'RegionOne', scope)
        if state is None:
            observation.hide('ports')
        else:
            observation.keep('ports', rows(state))
        began = observation.id * EVERY
        observation.finish(began, began + TAKES, 0)
        return observation


def snapshots(
    location: str, field: str = '', values: Sequence[str] = ()
) -> dict[int, tuple[list[dict[str, Any]], int, int]]:
    """Read what each observation that shows ports has.

    :returns: By the number of the observation: the objects, by ID, and the
        first and the last observation that have the same ones.
    """
    found = {}
    with engines.open_to_read(location) as connection:
        for scope in history.scopes(connection):
            observations = history.observations(connection, scope)
            for observed in observations:
                source = history.RecordedSource(connection, scope, observed)
                if not source.has('ports'):
                    continue
                objects = sorted(
                    source.objects('ports', {field: values}),
                    key=lambda row: str(row['id']),
                )
                first, last = source.unchanged(observations)
                found[observed.id] = objects, first.id, last.id
    return found
