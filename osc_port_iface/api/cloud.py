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

import functools
from urllib import parse

from keystoneauth1 import session as ksa_session
from openstack.config import cloud_region
import requests

from osc_port_iface.api import compute
from osc_port_iface.api import credentials as api_credentials
from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import identity
from osc_port_iface.api import load_balancer
from osc_port_iface.api import network
from osc_port_iface.api import service
from osc_port_iface.api import transport as api_transport

# What keystoneauth passes on to its adapter, in the releases that have it.
_TLS_SETTINGS = ('tls_ciphers', 'tls_min_version')


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
            enlarge_pools(session.session)
            credentials = api_credentials.Credentials(session)
        arguments = config, credentials, transport
        self.compute = compute.ComputeApi(*arguments)
        self.network = network.NetworkApi(*arguments)
        self.identity = identity.IdentityApi(*arguments)
        self.load_balancer = load_balancer.LoadBalancerApi(*arguments)
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

    @functools.cached_property
    def sharing_regions(self) -> list[str]:
        """The other regions with a Nova that may have the same Neutron.

        Only a Neutron of its own proves that a region has not.
        """
        novas, neutrons = (
            {
                region: {_normalized(url) for url in urls}
                for region, urls in self.credentials.urls(api.TYPE).items()
            }
            for api in (self.compute, self.network)
        )
        nova, neutron = (
            _normalized(self._endpoint(api.TYPE))
            for api in (self.compute, self.network)
        )
        if len(novas) < 2:
            return []
        own = next((name for name in novas if nova in novas[name]), '')
        own = self.region or own
        shared = {neutron, *neutrons.get(own, ())}
        return [
            name
            for name in novas
            if name != own
            and nova not in novas[name]
            and not (neutrons.get(name) and shared.isdisjoint(neutrons[name]))
        ]

    def _endpoint(self, service_type: str) -> str:
        _adapter, url = service.endpoint(
            self.config, self.credentials, service_type
        )
        return url

    def has(self, service_type: str) -> bool:
        """Return whether the catalog or clouds.yaml has a service."""
        try:
            self._endpoint(service_type)
        except errors.NotInCatalog:
            return False
        return True


def enlarge_pools(session: requests.Session) -> None:
    """Let a session keep a connection for each of the threads.

    urllib3 keeps ten connections to a host or a proxy (``pool_maxsize`` of
    ``HTTPAdapter``), and those to ten hosts (``pool_connections``). What more
    threads open is discarded after each request, with a warning, and several
    regions have more hosts.

    An adapter that the user's program has mounted is kept.

    :param session: The session, which no thread may use yet.
    """
    for prefix, adapter in list(session.adapters.items()):
        if type(adapter) is ksa_session.TCPKeepAliveAdapter:
            settings = {
                name: value
                for name in _TLS_SETTINGS
                if (value := getattr(adapter, name, None))
            }
            larger = ksa_session.TCPKeepAliveAdapter(
                pool_connections=fan_out.MOST_WORKERS,
                pool_maxsize=fan_out.MOST_WORKERS,
                **settings,
            )
            session.mount(prefix, larger)


def _normalized(url: str) -> str:
    """Return the host of a URL and its path, without a version."""
    found = parse.urlsplit(service.versioned(url, 'v0'))
    return f'{found.netloc.lower()}{found.path}'
