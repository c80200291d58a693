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

"""Finds one interface by whatever a user knows of it."""

from collections.abc import Iterable, Sequence
import dataclasses

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import errors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.listing import nic_order
from osc_port_iface.interfaces import lookup
from osc_port_iface.interfaces.owners import floating_ips
from osc_port_iface.interfaces.owners import ports
from osc_port_iface.interfaces.owners import search as searches
from osc_port_iface.interfaces.selecting import selection
from osc_port_iface import printable
from osc_port_iface import records

_Rows = Sequence[records.ServerInterface]
_Answer = records.Answer[records.ServerInterface]


@dataclasses.dataclass(frozen=True)
class Choice:
    """The interfaces of a server, and the choice among them.

    :ivar server: The server.
    :ivar all: All of its interfaces, and those that could not be read.
    :ivar chosen: Those that the user chose.
    """

    server: records.Server
    all: _Answer
    chosen: _Rows


def find(
    cloud: api_cloud.Cloud,
    server: str,
    interface: str | None,
    all_projects: bool = False,
    details: bool = True,
    any_number: bool = False,
) -> Choice:
    """Find an interface of a server.

    :param cloud: The services.
    :param server: The name or ID of the server; without an interface, also an
        address or port ID, which tells the server.
    :param interface: A port ID, MAC address, fixed IP, network, tag or port
        name; None for the only interface of the server.
    :param all_projects: Whether to look among the servers of all projects.
    :param details: Whether to read the details of the server, and to determine
        the position of the interface in it.
    :param any_number: Whether to choose all interfaces if none is given.
    :raises errors.NotFound: The server has no such interface; the message
        names those that it has. Or the server does not exist.
    :raises exceptions.CommandError: A request failed, or several interfaces
        or servers have the name.
    """
    port = None if interface else _port_with(cloud, server)
    if port and port.server_id:
        server, interface = port.server_id, port.id
    scope = compute.ServerScope(all_projects=all_projects)
    owner = selection.find(cloud, server, scope, details)
    found = cloud.compute.interfaces(owner.id, owner.called)
    rows = [records.ServerInterface(owner, row) for row in found.rows]
    answer = records.Answer(nic_order.numbered(rows), found.failures)
    if interface:
        row = _chosen(cloud, server, answer, interface)
        return Choice(owner, answer, [dataclasses.replace(row, port=port)])
    if not any_number:
        _check_only(server, answer)
    return Choice(owner, answer, answer.rows)


def _port_with(cloud: api_cloud.Cloud, text: str) -> records.Port | None:
    """Find the port of a server that has an address or floating IP.

    :returns: None if the text is no address, or no such port is visible.
    :raises errors.ApiError: Several ports have it, or a request failed.
    """
    address = _address(text)
    if address is None:
        return None
    search = searches.Search(cloud=cloud, queries=[address])
    floating_ips.find(search)
    ports.find(search)
    for failure in search.failures:
        raise errors.Malformed(failure)
    found = {
        match.port.id: match.port
        for match in search.rows
        if match.port
        and match.port.server_id
        # A forwarding has only some ports of the address.
        and match.certainty is searches.Certainty.OWNS
    }
    if len(found) > 1:
        raise _several(text, found)
    return next(iter(found.values()), None)


def _chosen(
    cloud: api_cloud.Cloud, server: str, answer: _Answer, text: str
) -> records.ServerInterface:
    """Return the interface of a server that a text names.

    :raises errors.ApiError: It names none, or several.
    """
    address = _address(text)
    # A tag may look like an address.
    found: _Rows = [
        row
        for row in answer.rows
        if address and address.value in (row.network_id, *_addresses(row))
    ] or [row for row in answer.rows if row.interface.tag == text]
    if not (found or address):
        found = _with_name(cloud, answer.rows, text)
    if not found:
        raise _not_found(server, text, answer)
    if len(found) > 1:
        raise _several(text, (row.port_id or '' for row in found))
    return found[0]


def _check_only(server: str, answer: _Answer) -> None:
    """Check that a server has one interface.

    :raises errors.ApiError: It has none or several, or one could not be read.
    """
    if answer.failures:
        raise errors.Malformed(answer.failures[0])
    if len(answer.rows) == 1:
        return
    name = printable.one_line(server)
    if not answer.rows:
        raise errors.NotFound(_('Server %s has no interface') % name)
    raise errors.RequestFailed(
        _('Server %(name)s has %(count)d interfaces, give one: %(interfaces)s')
        % {
            'name': name,
            'count': len(answer.rows),
            'interfaces': _described(answer.rows),
        }
    )


def _address(text: str) -> addresses.Address | None:
    """Read an address of a single interface; None if it is none."""
    try:
        address = addresses.parse_query(text)
    except ValueError:
        return None
    kinds = addresses.Kind
    of_one = kinds.IP_ADDRESS, kinds.MAC_ADDRESS, kinds.PORT
    return address if address.kind in of_one else None


def _addresses(row: records.ServerInterface) -> list[str | None]:
    """Return what tells an interface from others, as the APIs write it."""
    interface = row.interface
    fixed_ips = (fixed_ip.ip_address for fixed_ip in interface.fixed_ips)
    return [interface.port_id, interface.mac_address, *fixed_ips]


def _with_name(cloud: api_cloud.Cloud, rows: _Rows, name: str) -> _Rows:
    """Find interfaces by the name of their network or port.

    :raises errors.ApiError: Neutron could not be asked.
    """
    found = []
    look = lookup.Lookup(cloud, rows)
    for row in rows:
        owners = (look.port(row), look.network(row))
        if any(owner and owner.name == name for owner in owners):
            found.append(row)
    if look.failures:
        raise errors.RequestFailed(look.failures[0])
    return found


def _several(text: str, port_ids: Iterable[str]) -> errors.RequestFailed:
    return errors.RequestFailed(
        _("Several interfaces have '%(text)s', use a port ID: %(ids)s")
        % {'text': printable.one_line(text), 'ids': ', '.join(port_ids)}
    )


def _not_found(
    server: str, text: str, answer: _Answer
) -> errors.RequestFailed:
    message = _("Server %(name)s has no interface '%(text)s'; ") % {
        'name': printable.one_line(server),
        'text': printable.escape(text),
    }
    if answer.failures:
        # It may be the interface that could not be read.
        return errors.Malformed(message + answer.failures[0])
    if not answer.rows:
        return errors.NotFound(message + _('it has none'))
    return errors.NotFound(message + _('it has: %s') % _described(answer.rows))


def _described(rows: _Rows) -> str:
    """Describe interfaces by what a user can choose them by."""
    return '; '.join(
        ' '.join(map(printable.escape, filter(None, known)))
        for known in ([*_addresses(row), row.interface.tag] for row in rows)
    )
