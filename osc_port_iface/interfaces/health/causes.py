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

"""Finds the causes of findings."""

from collections.abc import Collection, Iterable, Mapping, Sequence
import dataclasses
import logging

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import errors
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface import records

LOG = logging.getLogger(__name__)

# Findings that a nova-compute that is down may cause.
_OF_COMPUTE = codes.OF_WIRING | codes.OF_CACHE

# Agents that do not wire ports.
_NOT_WIRING = frozenset(
    {
        'BGP dynamic routing agent',
        'DHCP agent',
        'L3 agent',
        'Metadata agent',
        'Metering agent',
        'OVN Metadata agent',
        'OVN Neutron agent',
    }
)


class _Hosts:
    """What is known of hosts, and of the networks of their ports."""

    down: Collection[str] = ()
    agents: Mapping[str, Sequence[records.Agent]] = {}
    networks: Mapping[str, records.Network] = {}

    def read(
        self, cloud: api_cloud.Cloud, found: Iterable[findings.Finding]
    ) -> None:
        """Read what is needed for the causes of findings.

        :raises errors.ApiError: A request failed.
        """
        rows = [row for row in found if row.host and row.code in _OF_COMPUTE]
        if not rows:
            return
        services = cloud.compute.compute_services().rows
        self.down = [service.host for service in services if not service.is_up]
        hosts = [row.host for row in rows]
        agents = cloud.network.list(neutron.AGENTS, 'host', hosts).rows
        self.agents = records.grouped(
            (agent for agent in agents if agent.kind not in _NOT_WIRING),
            lambda agent: agent.host,
        )
        ids = [
            row.network_id
            for row in rows
            if row.code is codes.Code.BINDING_FAILED
        ]
        networks = cloud.network.list(neutron.NETWORKS, 'id', ids).rows
        self.networks = {network.id: network for network in networks}

    def cause(self, finding: findings.Finding) -> str | None:
        """Return the cause of a finding, if it is known."""
        if finding.code in _OF_COMPUTE and finding.host in self.down:
            return _('nova-compute on %s is down') % finding.host
        if finding.code in codes.OF_NOTIFICATION:
            return _('Nova was not notified')
        if finding.code in codes.OF_WIRING:
            return self._of_agents(finding.host or '', finding.network_id)
        return None

    def _of_agents(self, host: str, network_id: str | None) -> str | None:
        """Look for a fault in the agents that wire the ports of a host.

        If Neutron has no agents there, none can be at fault.
        """
        agents = self.agents.get(host, ())
        if agents and not any(agent.is_alive for agent in agents):
            kinds = sorted({agent.kind or '' for agent in agents})
            return _('no live network agent on %(host)s (%(kinds)s)') % {
                'host': host,
                'kinds': ', '.join(kinds),
            }
        network = self.networks.get(network_id or '')
        physical = [
            segment.physical_network or ''
            for segment in (network.segments if network else ())
        ]
        reached = [
            agent.networks for agent in agents if agent.networks is not None
        ]
        # The host needs only one of several segments. A tunnel has no physical
        # network.
        if (
            reached
            and physical
            and all(physical)
            and not any(found.intersection(physical) for found in reached)
        ):
            return _(
                '%(host)s has no segment of physical network %(network)s'
            ) % {'host': host, 'network': ','.join(physical)}
        return None


def add_causes(
    cloud: api_cloud.Cloud, findings: Sequence[findings.Finding]
) -> records.Answer[findings.Finding]:
    """Add their causes to findings.

    That needs at most one request for the agents of about 150 hosts, one for
    all nova-compute services, and one for networks. If no finding has a host,
    no request is sent.

    :param cloud: The services.
    :param findings: The findings.
    :returns: The same findings in the same order. If something could not be
        read, there is a notice, not a failure, as the findings themselves are
        complete.
    """
    hosts, notices = _Hosts(), []
    try:
        hosts.read(cloud, findings)
    except errors.Forbidden as error:
        LOG.info(_('Causes are not known: %s'), error)
    except errors.RequestFailed as error:
        notices.append(_('Some causes are missing: %s') % error)
    rows = [
        dataclasses.replace(finding, cause=hosts.cause(finding))
        for finding in findings
    ]
    return records.Answer(rows, [], notices)
