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

"""Judges a snapshot: where do the views of servers and ports disagree?

Works on records only, without any I/O.
"""

from collections.abc import Iterator

from osc_port_iface.interfaces.health import cache_diff
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface.interfaces.health import ownerless
from osc_port_iface.interfaces.health import ports
from osc_port_iface.interfaces.health import snapshot as snapshots
from osc_port_iface import records


def judge(snapshot: snapshots.Snapshot) -> list[findings.Finding]:
    """Judge everything in a snapshot.

    :param snapshot: What was read, of many servers or of one.
    :returns: The findings that the snapshot was taken for; none about a server
        that is building or has a task under way.
    """
    found = (*_of_servers(snapshot), *_of_other_ports(snapshot))
    return [finding for finding in found if finding.code in snapshot.codes]


def _of_servers(
    snapshot: snapshots.Snapshot,
) -> Iterator[findings.Finding]:
    by_server = records.grouped(snapshot.ports, lambda port: port.device_id)
    by_port = records.grouped(snapshot.floating_ips, lambda row: row.port_id)
    by_parent = {trunk.port_id: trunk for trunk in snapshot.trunks}
    for server in snapshot.judged:
        own = by_server.get(server.id, [])
        yield from ports.judge(server, own)
        yield from cache_diff.judge(
            server, snapshot.interfaces[server.id], own
        )
        yield from cache_diff.judge_floating_ips(
            server,
            own,
            (row for port in own for row in by_port.get(port.id, ())),
        )
        yield from ports.judge_trunks(
            server, own, by_parent, snapshot.all_ports
        )
        yield from ports.judge_bindings(server, own, snapshot.bindings)
    yield from ports.judge_mac_addresses(
        snapshot.judged, snapshot.all_ports.values()
    )
    if codes.Code.ADDRESS_CLAIMED in snapshot.codes:
        yield from ownerless.judge_address_claims(
            snapshot.ports, snapshot.all_ports.values(), snapshot.judged
        )


def _of_other_ports(
    snapshot: snapshots.Snapshot,
) -> Iterator[findings.Finding]:
    ids = {server.id for server in snapshot.servers}
    others, keep = snapshot.others, snapshot.request.keep
    yield from ownerless.judge(others, ids, keep)
    if codes.Code.UNUSED_PORT in snapshot.codes:
        yield from ownerless.judge_unused(
            others, snapshot.all_ports.values(), snapshot.floating_ips, keep
        )
