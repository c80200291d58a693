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

"""Checks the compute host that a user names."""

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.selecting import names
from osc_port_iface.interfaces.selecting import suggestions
from osc_port_iface import printable


def check(cloud: api_cloud.Cloud, name: str) -> None:
    """Check that there may be servers or ports on a host.

    :param cloud: Nova, whose services are asked first, and Neutron, where
        ports may be bound to a host without such a service.
    :param name: Its name, as the user typed it.
    :raises names.NoSuchName: No nova-compute and no port has this host. What
        it may be in another case, or with a domain, is suggested.
    :raises osc_port_iface.api.errors.ApiError: A request failed.
    """
    services = names.all_rows(cloud.compute.compute_services())
    hosts = sorted({service.host for service in services})
    if name in hosts:
        return
    bound = cloud.network.list(neutron.BOUND_PORTS, 'bound_host', [name])
    if names.all_rows(bound):
        return
    raise names.NoSuchName(
        _("No compute host has the name '%s'.") % printable.one_line(name)
        + suggestions.did_you_mean(name, hosts)
    )
