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

"""Neutron, as far as interfaces need it."""

from collections.abc import Collection, Mapping
import functools
import operator
from typing import Any, ClassVar

from osc_port_iface.api import errors
from osc_port_iface.api import neutron
from osc_port_iface.api import paging
from osc_port_iface.api import reading
from osc_port_iface.api import service
from osc_port_iface.i18n import _
from osc_port_iface import records

_FORWARDINGS = 'port_forwardings'

_AS_GIVEN = operator.attrgetter('values')


def _shows_ports(forwarding: Mapping[str, Any]) -> bool:
    return all(
        forwarding.get(name) or forwarding.get(f'{name}_range')
        for name in ('external_port', 'internal_port')
    )


class NetworkApi(service.Service):
    """Reads ports, and what they refer to, from Neutron.

    Neutron is reached on first use. Each method raises errors.ApiError if a
    request failed.
    """

    TYPE = 'network'
    VERSION = 'v2.0'
    TAKES_FIELDS = True
    PAGES: ClassVar[paging.Parameters] = {
        'sort_key': ['id'],
        'sort_dir': ['asc'],
        'limit': [str(paging.LARGEST_PAGE)],
    }

    def lacks(self, extension: str | None) -> bool:
        """Return whether Neutron lists its extensions without this one.

        A 404 may also be a proxy's, and then proves nothing.
        """
        known = self._extensions if extension else ()
        return bool(known) and extension not in known

    @functools.cached_property
    def _extensions(self) -> frozenset[str]:
        """The extensions of Neutron; none if they are not known.

        ``GET /extensions``.
        """
        try:
            answer = self.page(neutron.EXTENSIONS, {})
        except errors.ApiError:
            return frozenset()
        return frozenset(
            () if answer.failures else (x.id for x in answer.rows)
        )

    def _filled(
        self, collection: paging.Collection[Any], row: reading.Object
    ) -> reading.Object:
        """Return a row with the ports of all forwardings of a floating IP.

        A listing leaves them out if they are ranges
        (``PortForwardingPlugin._extend_floatingip_dict`` of Neutron).

        ``GET /floatingips/{floating_ip_id}/port_forwardings``.

        What an extension gives is empty where Neutron does not have that.
        """
        for key, extension in collection.record.given.items():
            if key not in row.values and self.lacks(extension):
                row = row.with_value(key, None)
        if collection.key != neutron.FLOATING_IPS.key:
            return row
        if all(map(_shows_ports, row.items(_FORWARDINGS, _AS_GIVEN))):
            return row
        row_id = row.required_uuid()
        what = _('Port forwardings of floating IP %s') % row_id
        try:
            answer = self.transport.get(
                f'{collection.path}/{row_id}/port_forwardings', what
            )
            found = answer.items(_FORWARDINGS, _AS_GIVEN)
        except errors.RequestFailed as error:
            row.response.failures.append(str(error))
            return row
        row.response.failures.extend(answer.response.failures)
        return row.with_value(_FORWARDINGS, found)

    def shows_all_projects(self, shown: Collection[records.Port] = ()) -> bool:
        """Return whether the caller may see the ports of all projects.

        Neutron's default policies (``get_port:binding:vif_type``) show to
        administrators only where ports are bound.

        :param shown: Ports that it has shown; it is asked for one if there
            are none.
        """
        return any(port.shows_binding for port in shown or self._first_port())

    def hides_ports(self) -> bool:
        """Return whether the caller may not see the ports of all projects."""
        return not all(port.shows_binding for port in self._first_port())

    def ensure_scope(self) -> None:
        """Check that the caller can see ports at all.

        Neutron leaves out what its policies hide from the caller. With a token
        that is not scoped to a project, that is every port.

        :raises errors.Forbidden: The token is such a token, and sees no port.
        """
        hint = self._credentials.scope_hint
        if hint and not self._first_port():
            raise errors.Forbidden(_('Ports: none is shown; %s') % hint)

    def port_bindings(
        self, port_id: str
    ) -> records.Answer[records.PortBinding]:
        """List all bindings of a port; none if the caller may not see them.

        ``GET /ports/{port_id}/bindings`` (extension binding-extended).

        :param port_id: The ID of the port.
        """
        return self.page(neutron.port_bindings(port_id), {})

    def _first_port(self) -> list[records.Port]:
        """List a port that the caller may see, or none."""
        return self.page(neutron.BOUND_PORTS, {'limit': ['1']}).rows
