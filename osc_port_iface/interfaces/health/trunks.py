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

"""Judges the trunks of servers and their subports.

Works on records only, without any I/O.
"""

from collections.abc import Iterator, Mapping, Sequence

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.health import codes
from osc_port_iface.interfaces.health import findings
from osc_port_iface import records


def judge(
    server: records.Server,
    parents: Sequence[records.Port],
    trunks: Mapping[str, records.Trunk],
    subports: Mapping[str, records.Port],
) -> Iterator[findings.Finding]:
    """Judge the trunks of one server.

    :param server: The server, with details.
    :param parents: The ports of the server.
    :param trunks: The trunks, at least those of the ports, by parent port.
    :param subports: The subports of the trunks, by ID, as far as the caller
        may see them.
    :returns: The findings; none unless the server runs, as the agent on its
        host wires a trunk when the server is plugged in.
    """
    if server.status != 'ACTIVE':
        return
    for parent in parents:
        trunk = trunks.get(parent.id)
        if trunk is None or parent.admin_state_up is False:
            continue
        if _is_down(trunk):
            yield findings.of_port(
                codes.Code.TRUNK_DEGRADED,
                server,
                parent,
                _('trunk ACTIVE'),
                _('trunk %s') % trunk.status,
            )
        for member in trunk.subports:
            if subport := subports.get(member.port_id):
                yield from _of_subport(server, parent, subport)


def _of_subport(
    server: records.Server, parent: records.Port, subport: records.Port
) -> Iterator[findings.Finding]:
    if (
        subport.shows_binding
        and subport.host
        and parent.host
        and subport.host != parent.host
    ):
        yield findings.of_port(
            codes.Code.SUBPORT_HOST_DIFFERS,
            server,
            subport,
            parent.host,
            subport.host,
        )
    elif _is_down(subport):
        yield findings.of_port(
            codes.Code.SUBPORT_DOWN,
            server,
            subport,
            'ACTIVE',
            subport.status or '',
        )


def _is_down(row: records.Trunk | records.Port) -> bool:
    """Return whether it is enabled, and its status known and not ACTIVE."""
    return row.admin_state_up is not False and row.status not in (
        'ACTIVE',
        None,
    )
