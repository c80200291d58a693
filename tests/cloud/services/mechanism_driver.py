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

"""An ML2 mechanism driver for hosts that do not exist.

Neutron finds it through an entry point that the launcher writes.
"""

from neutron_lib.api.definitions import portbindings
from neutron_lib import constants
from neutron_lib.plugins import directory
from neutron_lib.plugins.ml2 import api

from tests.cloud.services import trunk_driver


class MechanismDriver(api.MechanismDriver):
    """Binds every ordinary port immediately, and keeps no state."""

    def initialize(self) -> None:
        # It registers itself when the trunk plugin loads.
        self._trunk_driver = trunk_driver.TrunkDriver()

    def bind_port(self, context: api.PortContext) -> None:
        port = context.current
        if port[portbindings.VNIC_TYPE] != portbindings.VNIC_NORMAL or port[
            'name'
        ].startswith('refuse-binding'):
            return
        context.set_binding(
            context.segments_to_bind[0][api.ID],
            portbindings.VIF_TYPE_OVS,
            {portbindings.CAP_PORT_FILTER: True},
            status=_wanted_status(port),
        )

    def update_port_postcommit(self, context: api.PortContext) -> None:
        """Follow the administrative state and the host, as an agent would.

        The host changes when another binding is activated, at the end of a
        live migration.
        """
        port = context.current
        changed = port['admin_state_up'] != context.original[
            'admin_state_up'
        ] or (context.host != context.original_host)
        if changed and context.vif_type == portbindings.VIF_TYPE_OVS:
            directory.get_plugin().update_port_status(
                context.plugin_context, port['id'], _wanted_status(port)
            )


def _wanted_status(port: dict[str, object]) -> str:
    status: str = (
        constants.PORT_STATUS_ACTIVE
        if port['admin_state_up']
        else constants.PORT_STATUS_DOWN
    )
    return status
