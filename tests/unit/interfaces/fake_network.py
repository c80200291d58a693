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

"""Neutron, as the rooms of interfaces see it."""

from typing import Any
from unittest import mock

from osc_port_iface.api import network
from osc_port_iface.api import paging
from osc_port_iface import records


def fake_network() -> Any:
    """Make a NetworkApi whose collections are empty.

    ``way('ports', 'device_id')`` is the mock that answers for this filter of
    this collection, and ``way('ports')`` the one without a filter. It is
    called with a list of the values.
    """
    fake = mock.create_autospec(network.NetworkApi, instance=True)
    ways: dict[tuple[str, str], mock.Mock] = {}

    def way(key: str, name: str = '') -> mock.Mock:
        if (key, name) not in ways:
            ways[key, name] = mock.Mock(
                name=f'{key} by {name}' if name else key,
                side_effect=None,
                return_value=records.Answer([]),
            )
        return ways[key, name]

    def answer(
        collection: paging.Collection[Any],
        name: str = '',
        values: paging.Values = (),
    ) -> records.Answer[Any]:
        if not name:
            return way(collection.key)()  # type: ignore[no-any-return]
        return way(collection.key, name)(  # type: ignore[no-any-return]
            [value for value in dict.fromkeys(values) if value]
        )

    fake.list.side_effect = answer
    fake.way = way
    return fake
