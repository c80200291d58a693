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

"""``openstack server interface record``"""

import argparse
import datetime

from osc_port_iface.commands import argument_types
from osc_port_iface.commands import as_of
from osc_port_iface.commands import cells
from osc_port_iface.commands import columns
from osc_port_iface.commands import lister
from osc_port_iface.commands import listing_files
from osc_port_iface.commands import plugin_command
from osc_port_iface.commands import regions
from osc_port_iface.commands import server_selectors
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.journal import importing
from osc_port_iface.interfaces.journal import observing
from osc_port_iface.interfaces.journal import recording
from osc_port_iface.interfaces.journal import timestamps
from osc_port_iface import printable

COLUMNS: columns.Columns[observing.Observation] = (
    columns.Column('Observation', 'id', kind=cells.number),
    columns.Column('Started', 'began', kind=cells.exact_time),
    columns.Column('Finished', 'ended', kind=cells.exact_time),
    columns.Column('Region', lambda row, _look: row.region or None),
    columns.Column('Objects', 'objects', kind=cells.number),
    columns.Column('Changed', 'changed', kind=cells.number),
    columns.Column('Gone', 'gone', kind=cells.number),
    # For scripts: nothing else is stored.
    columns.Column('Complete', lambda *_any: True, kind=cells.flag),
)

# Saved listings have what they have, and are kept as they are.
_NOT_IMPORTED = (
    '<server>',
    '--project',
    '--project-domain',
    '--host',
    '--status',
    '--region',
    '--all-regions',
    '--keep',
)


class RecordServerInterface(lister.TextLister):
    """Record who has which address, for later questions.

    Reads the servers, ports, networks, subnets, floating IPs, routers and
    trunks, and the names of projects and users, and stores what has changed
    since the last observation of the same selection. Other commands answer
    from the journal with --at.

    If something that tells owners could not be read, nothing is stored, and
    the exit code is 1.
    """

    examples = (
        'openstack server interface record addresses.sqlite',
        'openstack server interface record addresses.sqlite --keep 90d',
        'openstack server interface record addresses.sqlite web-1 web-2',
        'openstack server interface record addresses.sqlite --import may.json',
    )
    importance: tuple[str, ...] = (
        'Observation',
        'Started',
        'Objects',
        'Changed',
        'Gone',
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        as_of.accept_relative_times(parser)
        parser.add_argument(
            'journal',
            metavar='<journal>',
            type=argument_types.name,
            help=_(
                'Journal to record in: an SQLite file, which is created if it '
                'does not exist, or the URL of a PostgreSQL or MySQL database'
            ),
        )
        parser.add_argument(
            '--keep',
            metavar='<duration>',
            type=argument_types.time_to_keep,
            help=_(
                'Remove what ended longer ago than this, such as 90d '
                '(default: keep everything)'
            ),
        )
        server_selectors.add_arguments(parser)
        regions.add_arguments(parser)
        saved = parser.add_argument_group(_('saved listings'))
        saved.add_argument(
            '--import',
            dest='files',
            metavar='<file>',
            nargs='+',
            default=[],
            type=argument_types.name,
            help=_(
                "Store listings that 'server interface list' wrote with -f "
                'json, yaml or csv, each as of the time when its file was '
                'last changed, and not what the cloud has now'
            ),
        )
        saved.add_argument(
            '--listed-at',
            metavar='<time>',
            type=argument_types.moment,
            help=_(
                'Time of the listing, if one file is imported (ISO 8601, in '
                'UTC unless it has an offset, or how long ago, such as -3d)'
            ),
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> columns.Table:
        chosen = self.choose(parsed_args, COLUMNS)
        if parsed_args.files:
            rows = _import(parsed_args)
        elif parsed_args.listed_at:
            raise plugin_command.UsageError(
                _('--listed-at needs a file to import.')
            )
        else:
            asked = regions.choose(self, parsed_args)
            if asked.are_shown:
                chosen.sort(key=lambda column: column.header != regions.HEADER)
            else:
                # It may ask for a password. Nobody should wait for that.
                self.cloud()
            rows, refused, removed = recording.record(
                parsed_args.journal,
                lambda: asked.ask(lambda part: part._read(parsed_args)),
                parsed_args.keep,
            )
            self.fail(*map(str, refused))
            if removed:
                self.hint(_('Observations removed: %d') % removed)
        for row in rows:
            line = _(
                'Observation %(id)d: %(objects)d objects seen, '
                '%(changed)d stored, %(gone)d gone.'
            )
            self.hint(line % vars(row))
        return columns.table(chosen, rows)

    def _read(self, parsed_args: argparse.Namespace) -> recording.Contents:
        """Read a region, and report what could not be read."""
        cloud = self.cloud()
        contents = recording.read(
            cloud,
            parsed_args.server,
            server_selectors.read_scope(parsed_args, cloud.identity),
            lambda kind: self.show_progress(_('Reading: %s') % kind),
        )
        self.notify(*(row.notice for row in contents.listings if row.notice))
        self.fail(*contents.failures)
        return contents


def _import(parsed_args: argparse.Namespace) -> list[observing.Observation]:
    """Store saved listings.

    :raises plugin_command.UsageError: A file is not such a listing, or it is
        not known when it was written.
    """
    plugin_command.refuse(parsed_args, _NOT_IMPORTED, '--import')
    if parsed_args.listed_at and len(parsed_args.files) > 1:
        raise plugin_command.UsageError(
            _('--listed-at is the time of one file only.')
        )
    now = datetime.datetime.now(datetime.UTC)
    listings = []
    for path in parsed_args.files:
        listing = listing_files.read(path)
        for header in importing.NEEDED if listing.interfaces else ():
            if header not in listing.headers:
                raise plugin_command.UsageError(
                    _('%(file)s does not have the column %(column)s.')
                    % {
                        'file': printable.escape(listing.name),
                        'column': header,
                    }
                )
        moment = parsed_args.listed_at or listing_files.changed_at(path)
        if moment > now:
            raise plugin_command.UsageError(
                _(
                    '%(file)s: %(moment)s is in the future, so give the time '
                    'of the listing with --listed-at.'
                )
                % {
                    'file': printable.escape(listing.name),
                    'moment': timestamps.as_text(moment),
                }
            )
        interfaces = listing.without_subports().interfaces
        listings.append((moment, interfaces.values()))
    return importing.import_listings(parsed_args.journal, listings)
