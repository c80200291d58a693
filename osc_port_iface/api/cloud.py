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

"""The services of a cloud, for one run of a command."""

from openstack.config import cloud_region

from osc_port_iface.api import compute
from osc_port_iface.api import connection_pool
from osc_port_iface.api import credentials as api_credentials
from osc_port_iface.api import errors
from osc_port_iface.api import identity
from osc_port_iface.api import load_balancer
from osc_port_iface.api import network
from osc_port_iface.api import service
from osc_port_iface.api import transport as api_transport


class Cloud:
    """Nova, Neutron and other services, each reached on first use.

    :ivar compute: Nova.
    :ivar network: Neutron.
    :ivar identity: Keystone.
    :ivar load_balancer: Octavia, if the cloud has it.
    :ivar credentials: The token that all services share.
    :ivar config: The settings of its region.
    """

    def __init__(
        self,
        config: cloud_region.CloudRegion,
        credentials: api_credentials.Credentials | None = None,
        transport: api_transport.Transport | None = None,
    ) -> None:
        """Use the session of OSC or of another region; no request is sent.

        :param config: The settings of the region, with its session, such as
            ``client_manager.sdk_connection.config``.
        :param credentials: The token of the session, if other regions use it
            as well.
        :param transport: What sends the requests, if that is not a service
            that the catalog has.
        """
        if credentials is None:
            session = config.get_session()
            connection_pool.enlarge(session.session)
            credentials = api_credentials.Credentials(session)
        reached = config, credentials, transport
        self.compute = compute.ComputeApi(*reached)
        self.network = network.NetworkApi(*reached)
        self.identity = identity.IdentityApi(*reached)
        self.load_balancer = load_balancer.LoadBalancerApi(*reached)
        self.credentials = credentials
        self.config = config

    @property
    def project_id(self) -> str | None:
        """The project of the caller's token."""
        return self.credentials.project_id

    @property
    def region(self) -> str:
        """The region that is used; empty if the cloud has only one."""
        region: str | None = self.config.region_name
        return region or ''

    @property
    def sharing_regions(self) -> list[str]:
        """The regions with another Nova that have the same Neutron."""
        novas, neutrons = (
            self.credentials.regions(name, self.config.get_interface(name))
            for name in (compute.ComputeApi.TYPE, network.NetworkApi.TYPE)
        )
        own = self.region or next(iter(novas), '')
        return [
            name
            for name, url in novas.items()
            if url != novas.get(own)
            and neutrons.get(name) == neutrons.get(own)
        ]

    def has(self, service_type: str) -> bool:
        """Return whether the catalog or clouds.yaml has a service."""
        try:
            service.endpoint(self.config, self.credentials, service_type)
        except errors.NotInCatalog:
            return False
        return True
