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

"""Lists the interfaces of servers."""

from collections.abc import Sequence
import dataclasses
import functools

from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import details
from osc_port_iface.interfaces import facts
from osc_port_iface.interfaces.listing import filters
from osc_port_iface.interfaces.listing import nic_order
from osc_port_iface.interfaces.listing import subports
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface import records


@dataclasses.dataclass(frozen=True)
class Request:
    """What to list.

    :ivar names_or_ids: The servers; all in the scope if empty.
    :ivar scope: The servers to look among.
    :ivar wanted: The filter for their interfaces.
    :ivar needed: The facts needed of them.
    :ivar subports: Whether to list the subports of their trunks as well.
    """

    names_or_ids: tuple[str, ...] = ()
    scope: compute.ServerScope = dataclasses.field(
        default_factory=compute.ServerScope
    )
    wanted: filters.InterfaceFilter = dataclasses.field(
        default_factory=filters.InterfaceFilter
    )
    needed: facts.Fact = facts.Fact.NOTHING
    subports: bool = False


def list_interfaces(
    cloud: api_cloud.Cloud,
    view: views.View,
    request: Request,
    progress: views.Progress,
) -> records.Answer[records.ServerInterface]:
    """List interfaces, server by server, in a stable order.

    :param cloud: The services.
    :param view: How to look at the servers.
    :param request: What to list.
    :param progress: Shows how far it is.
    :returns: The interfaces, in the order of the selected servers, and by port
        ID for each server.
    :raises osc_lib.exceptions.CommandError: Something failed that concerns
        all servers.
    """
    selected = selection.select(
        cloud,
        request.names_or_ids,
        request.scope,
        details=view.needs_details or facts.Fact.NIC_INDEX in request.needed,
        shows_names=facts.Fact.SERVER in request.needed,
    )
    return interfaces_of(cloud, view, selected, request, progress)


def interfaces_of(
    cloud: api_cloud.Cloud,
    view: views.View,
    selected: records.Answer[records.Server],
    request: Request,
    progress: views.Progress,
) -> records.Answer[records.ServerInterface]:
    """List the interfaces of selected servers.

    :param cloud: The services.
    :param view: How to look at the servers.
    :param selected: The servers, with details if they are needed, and any
        failures of the selection.
    :param request: What to list; its selection is ignored.
    :param progress: Shows how far it is.
    :returns: The interfaces, server by server, and by port ID for each.
    :raises osc_port_iface.api.errors.ApiError: Something failed that concerns
        all servers.
    """
    answer = view.read(selected.rows, progress)
    if facts.Fact.NIC_INDEX in request.needed:
        answer.rows = nic_order.numbered(answer.rows)
    if request.subports:
        answer = subports.with_subports(cloud.network, answer)
    chosen = _chosen(cloud, view, request.wanted, answer.rows)
    missing = request.needed & ~view.has & facts.OF_NETWORK
    for fact in view.lacks:
        missing &= ~fact
    added = details.read(cloud.network, chosen.rows, missing)
    return records.Answer(
        added.rows,
        selected.failures + answer.failures + chosen.failures + added.failures,
        selected.notices + answer.notices + added.notices,
    )


def _chosen(
    cloud: api_cloud.Cloud,
    view: views.View,
    wanted: filters.InterfaceFilter,
    rows: Sequence[records.ServerInterface],
) -> records.Answer[records.ServerInterface]:
    """Apply the filter, after reading the facts that it needs.

    If it is unknown whether an interface matches, it is left out, and the
    answer is incomplete.
    """
    found = [row for row in rows if wanted.matches(row.interface)]
    of_port = functools.reduce(
        facts.Fact.__or__,
        (fact & facts.OF_NETWORK for _name, fact in wanted.needs()),
        facts.Fact.NOTHING,
    )
    if not of_port:
        return records.Answer(found)
    answer = details.read(cloud.network, found, of_port)
    verdicts = [wanted.matches_port(row.details.port) for row in answer.rows]
    failures = answer.failures + answer.notices
    if None in verdicts:
        failures.append(
            _(
                '%d interfaces are left out, because Neutron does not show '
                'this user whether they match'
            )
            % verdicts.count(None)
        )
    matching = [
        row
        for row, verdict in zip(answer.rows, verdicts, strict=True)
        if verdict
    ]
    return records.Answer(matching, failures)
