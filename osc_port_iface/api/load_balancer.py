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

"""The parts of Octavia's API that lead from load balancers to servers.

https://docs.openstack.org/api-ref/load-balancer/v2/
"""

from osc_port_iface.api import paging
from osc_port_iface.api import reading
from osc_port_iface.api import service
from osc_port_iface.i18n import _
from osc_port_iface import records


def _vips(
    load_balancer: reading.Object, key: str
) -> tuple[records.FixedIP, ...]:
    """Read the virtual IP, and the additional ones (Octavia API 2.26)."""
    address = load_balancer.text('vip_address')
    subnet_id = load_balancer.text('vip_subnet_id')
    first = (records.FixedIP(address, subnet_id),) if address else ()
    return first + reading.fixed_ips(load_balancer, key)


LOAD_BALANCERS = paging.Collection(
    'loadbalancers',
    _('Load balancers'),
    reading.Record(
        records.LoadBalancer, vips=reading.field(_vips, 'additional_vips')
    ),
    other_path='/lbaas/loadbalancers',
    one=_('Load balancer %s'),
)


def _ids(pool: reading.Object, key: str) -> tuple[str, ...]:
    return tuple(pool.items(key, reading.Object.required_uuid))


LISTENERS = paging.Collection(
    'listeners',
    _('Listeners'),
    reading.Record(records.Listener, number='protocol_port'),
    other_path='/lbaas/listeners',
)

POOLS = paging.Collection(
    'pools',
    _('Pools'),
    reading.Record(
        records.Pool, listener_ids=reading.field(_ids, 'listeners')
    ),
    other_path='/lbaas/pools',
)


def members(pool_id: str) -> paging.Collection[records.PoolMember]:
    """Return the collection of the members of a pool.

    :param pool_id: The ID of the pool, which must be a UUID.
    """
    return paging.Collection(
        'members',
        _('Members of pool %s') % pool_id,
        reading.Record(records.PoolMember, number='protocol_port'),
        other_path=f'/lbaas/pools/{pool_id}/members',
    )


class LoadBalancerApi(service.Service):
    """Reads load balancers from Octavia, reached on first use.

    Each method raises errors.NotInCatalog if there is no Octavia.
    """

    TYPE = 'load-balancer'
    VERSION = 'v2.0'
