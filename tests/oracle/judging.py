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

"""Judges many pairs by the code of ``reach``, which is read once for all."""

from collections.abc import Iterator
import ipaddress
import itertools
import random

import openstack

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import reach
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface.interfaces.path import survey
from tests.oracle import comparison
from tests.oracle import packets
from tests.oracle import topology

# What is asked, and how often; the last two are forwarded.
_QUESTIONS = (
    ('tcp', 22),
    ('tcp', 22),
    ('tcp', 22),
    ('tcp', 80),
    ('tcp', 443),
    ('udp', 53),
    ('udp', 53),
    ('icmp', None),
    ('icmp', None),
    ('icmp', None),
    ('sctp', 22),
    ('47', None),
    ('udplite', 53),
    ('0', None),
    ('tcp', 2222),
    ('udp', 5353),
)


class Judge:
    """The code of ``reach``, for one user."""

    def __init__(self, user: str) -> None:
        """Authenticate.

        :param user: A name in the clouds.yaml of the environment.
        """
        self._cloud = api_cloud.Cloud(openstack.connect(cloud=user).config)

    def judge(self, made: topology.Topology) -> Iterator[comparison.Judged]:
        """Judge every pair of a topology.

        :param made: The topology.
        """
        reading = survey.Survey(
            self._cloud, compute.ServerScope(all_projects=True)
        )
        outside = [
            ipaddress.ip_network(text) for text in comparison.OUTSIDE.values()
        ]
        virtual = [
            ipaddress.ip_network(text)
            for text in dict.fromkeys(made.virtual_ips)
        ]
        found = reading.ends(
            *(port['id'] for port in made.ports),
            *made.router_port_ids,
            *virtual,
            *outside,
        )
        ends = list(itertools.chain.from_iterable(found))
        reading.read(ends)
        assert not reading.failures, reading.failures
        for source, destination in itertools.permutations(ends, 2):
            version = source.network.version
            if version != destination.network.version or not (
                _is_comparable(reading, source, destination)
            ):
                continue
            chance = random.Random(
                f'{made.name} {source.address} {destination.address}'
            )
            protocol, port = chance.choice(_QUESTIONS)
            if destination.port and destination.port.is_of_router:
                # It answers nothing else.
                protocol, port = 'icmp', None
            packet = packets.Packet.of(protocol, port, version)
            question = flows.Question(
                protocol,
                packets.ICMP[version][1] if protocol == 'icmp' else port,
            )
            for path in reach.judge(
                reading, source, destination, question.flows(version)
            ):
                if source.port is None and path.address == destination.address:
                    # Whether routers outside know the address is not known.
                    continue
                yield comparison.Judged(
                    source.port.id if source.port else None,
                    source.address,
                    path.address,
                    destination.port.id if destination.port else None,
                    comparison.sent(packet, path.route),
                    path.verdict.value,
                    path.reason,
                    is_hidden=not reading.sees_all
                    and any(
                        end.port and end.port.project_id != reading.project_id
                        for end in (source, destination)
                    ),
                    is_beyond=_is_beyond(made, source, destination),
                    is_spread='several routes' in (path.reason or ''),
                )


def _is_comparable(
    known: surroundings.Surroundings,
    source: surroundings.End,
    destination: surroundings.End,
) -> bool:
    """Return whether OVN can tell what happens between two ends.

    Who has a virtual IP is known to neighbors only. What a server sends to
    itself does not leave it, and routers send nothing but answers.
    """
    ports = [end.port for end in (source, destination) if end.port]
    if source.port and source.port.is_of_router:
        return False
    if destination.port and destination.port.is_of_router:
        return source.port is not None and not _is_virtual(source)
    plugged_in = [known.plugged_port(port) for port in ports]
    servers = {port.server_id for port in plugged_in}
    if len(ports) == 2 and len(servers) == 1:
        return False
    virtual = [end for end in (source, destination) if _is_virtual(end)]
    if not virtual:
        return len(ports) == 1 or (
            len(ports) == 2 and ports[0].id != ports[1].id
        )
    subnets = {
        known.subnet_of(end.port.network_id, end.network)
        for end in (source, destination)
        if end.port
    }
    return (
        len(virtual) == 1
        and len(subnets) == 1
        and len({port.id for port in ports}) == 2
    )


def _is_beyond(
    made: topology.Topology,
    source: surroundings.End,
    destination: surroundings.End,
) -> bool:
    """Return whether only a router outside may lead to the other end."""
    network_ids = {end.network_id for end in (source, destination)}
    return made.physical_network_id in network_ids and len(network_ids) == 2


def _is_virtual(end: surroundings.End) -> bool:
    return end.port is not None and all(
        row.ip_address != end.address for row in end.port.fixed_ips
    )
