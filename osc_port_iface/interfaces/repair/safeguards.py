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

"""Reads what must be known right before a write.

Whatever cannot be known speaks against the write.
"""

from collections.abc import Collection
import dataclasses

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.repair import plan as plans
from osc_port_iface.interfaces.repair import port_users
from osc_port_iface.interfaces.selecting import names
from osc_port_iface import records


def objection(
    cloud: api_cloud.Cloud,
    repair: plans.Repair,
    port: records.Port | None,
    named: Collection[str],
    is_begun: bool,
) -> str | None:
    """Return what speaks against the next request of a repair.

    :param cloud: The services, which are asked again.
    :param repair: The repair, which is not of a cache.
    :param port: Its port, as it is now; None if it does not exist.
    :param named: The IDs of the ports that the user has named.
    :param is_begun: Whether a request was sent already.
    :raises errors.ApiError: Something cannot be known.
    """
    (finding,) = repair.findings
    planned = finding.port
    if planned is None or port is None:
        return _('it no longer exists')
    if is_begun and port.is_unowned:
        # For a member, the deletion itself clears the device, which makes it
        # no less a port of a server that is gone.
        port = dataclasses.replace(
            port,
            device_id=planned.device_id,
            device_owner=planned.device_owner,
        )
    if (port.device_id, port.device_owner) != (
        planned.device_id,
        planned.device_owner,
    ):
        return _('it has another device now')
    is_deletion = repair.action is plans.Action.DELETE
    if is_deletion or finding.code in codes.WITHOUT_SERVER:
        keep = port_users.reasons_to_keep(cloud, [port], named, is_deletion)
        return keep.get(port.id)
    status = port.status or _('unknown')
    if repair.action is plans.Action.RELEASE:
        if port.status != 'DOWN':
            return _('something is plugged in: its status is %s') % status
        return None
    if repair.action is plans.Action.BOUNCE:
        if planned.is_half_bounced and port.is_half_bounced:
            return None
        if port.admin_state_up is not True:
            return _('it is not enabled')
        if port.status in ('ACTIVE', None):
            return _('its status is %s') % status
        return None
    if finding.server is None:
        return _('its server is not known')
    server = cloud.compute.server(finding.server.id)
    if plans.is_moving(server, port):
        return _('the server is about to move')
    if server.host != finding.server.host:
        return _('the server is on another host now')
    if port.host != planned.host:
        return _('it is bound to another host now')
    if repair.action is plans.Action.BIND:
        return port_users.obstacle(cloud, finding)
    bindings = names.all_rows(cloud.network.port_bindings(port.id))
    inactive = {row.host for row in bindings if row.status == 'INACTIVE'}
    if not inactive.issuperset(finding.stale_hosts):
        return _('a binding to delete is in use now')
    return None


def read_port(
    cloud: api_cloud.Cloud, port_id: str | None
) -> records.Port | None:
    """Read a port; None if it does not exist.

    :raises errors.ApiError: It could not be read.
    """
    ports = names.all_rows(cloud.network.list(neutron.PORTS, 'id', [port_id]))
    return ports[0] if ports else None
