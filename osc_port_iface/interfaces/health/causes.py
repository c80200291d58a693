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

from collections.abc import Iterable, Mapping, Sequence
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
_OF_HOST = codes.OF_WIRING | codes.OF_CACHE

# Agents that do not wire ports.
_OTHER_AGENTS = frozenset(
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

    services: Mapping[str, records.ComputeService] = {}
    agents: Mapping[str, Sequence[records.Agent]] = {}
    networks: Mapping[str, records.Network] = {}


def explain(
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
    hosts, notices = _read(cloud, findings)
    rows = [
        dataclasses.replace(finding, cause=_cause(finding, hosts))
        for finding in findings
    ]
    return records.Answer(rows, [], notices)


def _read(
    cloud: api_cloud.Cloud, findings: Iterable[findings.Finding]
) -> tuple[_Hosts, list[str]]:
    of_host = [
        finding
        for finding in findings
        if finding.host and finding.code in _OF_HOST
    ]
    names = [finding.host for finding in of_host]
    network_ids = (
        finding.network_id
        for finding in of_host
        if finding.code is codes.Code.BINDING_FAILED
    )
    hosts, notices = _Hosts(), []
    try:
        if names:
            services = cloud.compute.compute_services().rows
            hosts.services = {service.host: service for service in services}
        agents = cloud.network.list(neutron.AGENTS, 'host', names).rows
        hosts.agents = records.grouped(agents, lambda agent: agent.host)
        networks = cloud.network.list(neutron.NETWORKS, 'id', network_ids).rows
        hosts.networks = {network.id: network for network in networks}
    except errors.Forbidden as error:
        LOG.info(_('Causes are not known: %s'), error)
    except errors.RequestFailed as error:
        notices.append(_('Some causes are missing: %s') % error)
    return hosts, notices


def _cause(finding: findings.Finding, hosts: _Hosts) -> str | None:
    host = finding.host or ''
    service = hosts.services.get(host)
    if finding.code in _OF_HOST and service and not service.is_up:
        return _('nova-compute on %s is down') % host
    if finding.code in codes.OF_WIRING:
        return _of_agents(finding, host, hosts)
    if finding.code in codes.OF_NOTIFICATION:
        return _('Nova was not notified')
    return None


def _of_agents(
    finding: findings.Finding, host: str, hosts: _Hosts
) -> str | None:
    """Look for a fault in the agents that wire the ports of a host.

    If Neutron has no agents there, none can be at fault.
    """
    agents = [
        agent
        for agent in hosts.agents.get(host, ())
        if agent.kind not in _OTHER_AGENTS
    ]
    if agents and not any(agent.is_alive for agent in agents):
        kinds = sorted({agent.kind or '' for agent in agents})
        return _('no live network agent on %(host)s (%(kinds)s)') % {
            'host': host,
            'kinds': ', '.join(kinds),
        }
    network = hosts.networks.get(finding.network_id or '')
    reached = [
        agent.networks for agent in agents if agent.networks is not None
    ]
    physical = [
        segment.physical_network or ''
        for segment in (network.segments if network else ())
    ]
    # The host needs only one of several segments. A tunnel has no physical
    # network.
    if (
        reached
        and physical
        and all(physical)
        and not any(found.intersection(physical) for found in reached)
    ):
        return _('%(host)s has no segment of physical network %(network)s') % {
            'host': host,
            'network': ','.join(physical),
        }
    return None
