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

"""The parts of Octavia's API that the names of load balancers need.

https://docs.openstack.org/api-ref/load-balancer/v2/
"""

import threading

from openstack import connection as sdk_connection

from osc_port_iface import addresses
from osc_port_iface.api import credentials as api_credentials
from osc_port_iface.api import errors
from osc_port_iface.api import reading
from osc_port_iface.api import service
from osc_port_iface.api import transport
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records


class LoadBalancerApi:
    """Reads load balancers from Octavia, reached on first use."""

    def __init__(
        self,
        connection: sdk_connection.Connection,
        credentials: api_credentials.Credentials,
    ) -> None:
        """Use the connection of OSC; no request is sent.

        :param connection: ``client_manager.sdk_connection``.
        :param credentials: The token that all services share.
        """
        self._connection = connection
        self._credentials = credentials
        self._lock = threading.Lock()
        self._connected: transport.Transport | None = None

    def load_balancer(self, load_balancer_id: str) -> records.LoadBalancer:
        """Show one load balancer.

        :param load_balancer_id: Its ID.
        :raises errors.NotInCatalog: There is no Octavia.
        :raises errors.NotFound: It does not exist, or this caller may not see
            it.
        :raises errors.ApiError: The request failed.
        """
        what = _('Load balancer %s') % printable.escape(load_balancer_id)
        if not addresses.is_uuid(load_balancer_id):
            raise errors.NotFound(_('%s: not a UUID') % what)
        answer = self._service.get(
            f'/lbaas/loadbalancers/{load_balancer_id}', what
        )
        return answer.whole('loadbalancer', _load_balancer)

    @property
    def _service(self) -> transport.Transport:
        with self._lock:
            if self._connected is None:
                self._connected = service.connect(
                    self._connection,
                    self._credentials,
                    'load-balancer',
                    'v2.0',
                )
            return self._connected


def _load_balancer(load_balancer: reading.Object) -> records.LoadBalancer:
    return records.LoadBalancer(
        id=load_balancer.uuid('id'), name=load_balancer.optional_text('name')
    )
