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

from osc_port_iface.api import reading
from osc_port_iface.api import service
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records


class LoadBalancerApi(service.Service):
    """Reads load balancers from Octavia, reached on first use."""

    TYPE = 'load-balancer'
    VERSION = 'v2.0'

    def load_balancer(self, load_balancer_id: str) -> records.LoadBalancer:
        """Show one load balancer.

        :param load_balancer_id: Its ID.
        :raises errors.NotInCatalog: There is no Octavia.
        :raises errors.NotFound: It does not exist, or this caller may not see
            it.
        :raises errors.ApiError: The request failed.
        """
        what = _('Load balancer %s') % printable.escape(load_balancer_id)
        identifier = service.identifier(load_balancer_id, what)
        answer = self._service.get(f'/lbaas/loadbalancers/{identifier}', what)
        return answer.whole('loadbalancer', _load_balancer)


def _load_balancer(load_balancer: reading.Object) -> records.LoadBalancer:
    return records.LoadBalancer(
        id=load_balancer.uuid('id'), name=load_balancer.optional_text('name')
    )
