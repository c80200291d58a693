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

"""A trunk driver that wires subports immediately, in place of an agent.

Without an agent, Neutron's own drivers leave every trunk down and every
subport unbound.
"""

from typing import Any

from neutron.objects import trunk as trunk_objects
from neutron.services.trunk.drivers import base
from neutron_lib.api.definitions import portbindings
from neutron_lib.callbacks import events
from neutron_lib.callbacks import registry
from neutron_lib.callbacks import resources
from neutron_lib import constants
from neutron_lib import context as neutron_context
from neutron_lib.plugins import directory
from neutron_lib.services.trunk import constants as trunk_constants


@registry.has_registry_receivers
class TrunkDriver(base.DriverBase):
    """Binds subports to the host of the trunk's parent port."""

    def __init__(self) -> None:
        super().__init__(
            'embedded',
            (portbindings.VIF_TYPE_OVS,),
            (trunk_constants.SEGMENTATION_TYPE_VLAN,),
        )

    @property
    def is_loaded(self) -> bool:
        return True

    @registry.receives(resources.PORT, [events.AFTER_UPDATE])
    def _parent_changed(self, *_event: Any, payload: Any) -> None:
        port = payload.latest_state
        before = payload.states[0]
        if 'trunk_details' in port and (
            (port['status'], port[portbindings.HOST_ID])
            != (before['status'], before[portbindings.HOST_ID])
        ):
            _wire(port['trunk_details']['trunk_id'])

    @registry.receives(resources.TRUNK, [events.AFTER_CREATE])
    @registry.receives(resources.SUBPORTS, [events.AFTER_CREATE])
    def _trunk_changed(self, *_event: Any, payload: Any) -> None:
        _wire(payload.resource_id)

    @registry.receives(resources.SUBPORTS, [events.AFTER_DELETE])
    def _subports_removed(self, *_event: Any, payload: Any) -> None:
        for subport in payload.metadata['subports']:
            _place(subport.port_id, host='', device_owner='')
        _wire(payload.resource_id)

    @registry.receives(resources.TRUNK, [events.AFTER_DELETE])
    def _trunk_removed(self, *_event: Any, payload: Any) -> None:
        for subport in payload.latest_state.sub_ports:
            _place(subport.port_id, host='', device_owner='')


def _wire(trunk_id: str) -> None:
    """Bind a trunk's subports to the host of its parent, if that is active."""
    context = neutron_context.get_admin_context()
    trunk = trunk_objects.Trunk.get_object(context, id=trunk_id)
    parent = directory.get_plugin().get_port(context, trunk.port_id)
    active = parent['status'] == constants.PORT_STATUS_ACTIVE
    for subport in trunk.sub_ports:
        _place(
            subport.port_id,
            host=parent[portbindings.HOST_ID] if active else '',
            device_owner=trunk_constants.TRUNK_SUBPORT_OWNER,
        )
    trunk.update(
        status=(
            trunk_constants.TRUNK_ACTIVE_STATUS
            if active
            else trunk_constants.TRUNK_DOWN_STATUS
        )
    )


def _place(port_id: str, host: str, device_owner: str) -> None:
    directory.get_plugin().update_port(
        neutron_context.get_admin_context(),
        port_id,
        {'port': {portbindings.HOST_ID: host, 'device_owner': device_owner}},
    )
