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

"""The columns of ``diff``, and the columns that it compares."""

from osc_port_iface.commands import columns
from osc_port_iface.interfaces.changes import listing_diff
from osc_port_iface.interfaces.listing import views
from osc_port_iface.interfaces import lookup
from osc_port_iface import records

# The first one is shown if several regions are compared.
COLUMNS: columns.Columns[listing_diff.Change] = (
    columns.Column(
        listing_diff.REGION, columns.of_row('region'), columns.Shown.LONG
    ),
    columns.Column('Server Name', columns.of_row('server_name')),
    columns.Column('Server ID', columns.of_row('server_id')),
    columns.Column('Port ID', columns.of_row('port_id')),
    columns.Column('Change', columns.of_row('kind')),
    columns.Column('Before', columns.of_row('before')),
    columns.Column('After', columns.of_row('after')),
)

_LISTED = (
    *columns.OF_SERVER,
    *columns.OF_INTERFACE,
    *columns.on_request(columns.OF_PROJECT),
)

# The columns that Neutron shows to administrators only.
HIDEABLE = frozenset(
    column.header for column in _LISTED if column.origin is views.Origin.ADMIN
)


def listed(
    before: listing_diff.Listing | None, view: views.View
) -> columns.InterfaceColumns:
    """Choose the columns to list, to compare them with another listing.

    :param before: The other listing; None to choose those of ``--long`` that
        a journal has.
    :param view: The view to read. Columns that it cannot provide are left out.
    """
    return [
        column
        for column in _LISTED
        if _is_compared(column, before) and column.origin not in view.lacks
    ]


def _is_compared(
    column: columns.Column[records.ServerInterface, lookup.Lookup],
    before: listing_diff.Listing | None,
) -> bool:
    """Return whether to list a column.

    If the other listing is empty, the columns shown by default are listed.
    """
    if before is None:
        # A journal does not have the names of security groups.
        return (
            column.shown is not columns.Shown.ON_REQUEST
            and column.header != 'Security Groups'
        )
    if not before.headers:
        return column.shown is columns.Shown.ALWAYS
    return column in columns.OF_SERVER or column.header in before.headers
