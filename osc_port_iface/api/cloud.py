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

from openstack import connection as sdk_connection

from osc_port_iface.api import compute
from osc_port_iface.api import connection_pool
from osc_port_iface.api import credentials as api_credentials
from osc_port_iface.api import identity
from osc_port_iface.api import load_balancer
from osc_port_iface.api import network
from osc_port_iface.api import service
from osc_port_iface.api import transport


class Cloud:
    """Nova, Neutron and other services, each reached on first use.

    :ivar compute: Nova.
    :ivar network: Neutron.
    :ivar identity: Keystone.
    :ivar load_balancer: Octavia, if the cloud has it.
    :ivar credentials: The token that all services share.
    """

    def __init__(self, connection: sdk_connection.Connection) -> None:
        """Use the connection of OSC; no request is sent.

        :param connection: ``client_manager.sdk_connection``.
        """
        connection_pool.enlarge(connection.session.session)
        credentials = api_credentials.Credentials(connection.session)
        self.compute = compute.ComputeApi(connection, credentials)
        self.network = network.NetworkApi(connection, credentials)
        self.identity = identity.IdentityApi(connection, credentials)
        self.load_balancer = load_balancer.LoadBalancerApi(
            connection, credentials
        )
        self.credentials = credentials
        self._connection = connection

    @property
    def project_id(self) -> str | None:
        """The project of the caller's token."""
        return self.credentials.project_id

    @property
    def region(self) -> str:
        """The region that is used; empty if the cloud has only one."""
        region: str | None = self._connection.config.region_name
        return region or ''

    def connect(self, api: type[service.Service]) -> transport.Transport:
        """Connect to a service for requests that its class does not offer.

        :raises errors.ApiError: The catalog has no such service.
        """
        return service.connect(
            self._connection, self.credentials, api.TYPE, api.VERSION
        )

    def has(self, service_type: str) -> bool:
        """Return whether the catalog has a service of a type."""
        return service.is_offered(
            self._connection, self.credentials, service_type
        )
