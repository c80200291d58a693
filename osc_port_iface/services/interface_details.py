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

"""What Neutron knows of interfaces beyond what Nova shows."""

from collections.abc import Iterable, Mapping
import dataclasses

from osc_port_iface.api import errors
from osc_port_iface.api import network
from osc_port_iface.i18n import _
from osc_port_iface import records

DetailsByPort = dict[str, records.InterfaceDetails]


@dataclasses.dataclass
class Found:
    """The details by port ID, and a line for all that is missing."""

    details: DetailsByPort
    notices: list[str]


def without_network(error: errors.ApiError) -> str:
    """Say why there are no details at all."""
    return _('What only Neutron knows is empty: %s') % error


def of_ports(
    api: network.NetworkApi, ports: Mapping[str, records.Port]
) -> Found:
    """Look up the names of what ports refer to, and their floating IPs.

    The requests are as many as the IDs fill URLs, however many servers there
    are.

    :param api: Neutron.
    :param ports: The ports by their ID.
    :returns: The details. What the caller may not see is empty.
    """
    notices: list[str] = []
    names = {
        collection: _names(api, collection, ids, notices)
        for collection, ids in (
            ('networks', {port.network_id for port in ports.values()}),
            (
                'subnets',
                {i for port in ports.values() for i in _subnets(port)},
            ),
            (
                'security-groups',
                {
                    i
                    for port in ports.values()
                    for i in port.security_group_ids
                },
            ),
        )
    }
    floating_ips = _floating_ips(api, ports, notices)
    if any(port.host is None for port in ports.values()):
        notices.append(
            _(
                'Host and VIF Type are empty: Neutron shows them to '
                'administrators only'
            )
        )
    return Found(
        {
            port.id: records.InterfaceDetails(
                network_name=names['networks'].get(port.network_id, ''),
                port_name=port.name,
                subnet_names=tuple(
                    name
                    for i in _subnets(port)
                    if (name := names['subnets'].get(i))
                ),
                floating_ips=tuple(sorted(floating_ips.get(port.id, ()))),
                security_groups=tuple(
                    sorted(
                        name
                        for i in port.security_group_ids
                        if (name := names['security-groups'].get(i))
                    )
                ),
                host=port.host or '',
                vif_type=port.vif_type or '',
                vnic_type=port.vnic_type or '',
            )
            for port in ports.values()
        },
        notices,
    )


def _names(
    api: network.NetworkApi,
    collection: str,
    ids: Iterable[str],
    notices: list[str],
) -> dict[str, str]:
    try:
        return api.names(collection, sorted(ids))
    except errors.ApiError as error:
        notices.append(str(error))
        return {}


def _floating_ips(
    api: network.NetworkApi, port_ids: Iterable[str], notices: list[str]
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    try:
        for floating_ip in api.floating_ips('port_id', sorted(port_ids)):
            if floating_ip.port_id:
                found.setdefault(floating_ip.port_id, []).append(
                    floating_ip.address
                )
    except errors.ApiError as error:
        notices.append(str(error))
    return found


def _subnets(port: records.Port) -> list[str]:
    """Return the subnets of a port's addresses, in their order, once each."""
    return list(
        dict.fromkeys(
            fixed_ip.subnet_id
            for fixed_ip in port.fixed_ips
            if fixed_ip.subnet_id
        )
    )
