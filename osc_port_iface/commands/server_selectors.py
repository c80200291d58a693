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

"""The arguments that select servers."""

import argparse
import os

from oslo_utils import strutils

from osc_port_iface.api import compute
from osc_port_iface.api import fan_out
from osc_port_iface.api import identity
from osc_port_iface.commands import argument_types
from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _
from osc_port_iface.interfaces.selecting import names

# The choices of ``openstack server list``.
_STATUSES = (
    'ACTIVE',
    'BUILD',
    'DELETED',
    'ERROR',
    'HARD_REBOOT',
    'MIGRATING',
    'PASSWORD',
    'PAUSED',
    'REBOOT',
    'REBUILD',
    'RESCUE',
    'RESIZE',
    'REVERT_RESIZE',
    'SHELVED',
    'SHELVED_OFFLOADED',
    'SHUTOFF',
    'SOFT_DELETED',
    'SUSPENDED',
    'VERIFY_RESIZE',
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``<server> …`` and the selectors to a command."""
    group = parser.add_argument_group(_('servers'))
    group.add_argument(
        'server',
        metavar='<server>',
        nargs='*',
        # Otherwise, argparse calls it required if something else is missing.
        default=[],
        type=argument_types.name,
        help=_(
            'Server(s) to look at (name or ID); all servers of the project by '
            'default'
        ),
    )
    add_scope(group)


def add_scope(group: argparse._ActionsContainer) -> None:
    """Add the options that limit which servers are selected."""
    add_all_projects(group)
    group.add_argument(
        '--project',
        metavar='<project>',
        type=argument_types.name,
        help=_('Servers in this project (name or ID) (admin only)'),
    )
    group.add_argument(
        '--project-domain',
        metavar='<project-domain>',
        type=argument_types.name,
        help=_('Domain of the project (name or ID)'),
    )
    group.add_argument(
        '--host',
        metavar='<hostname>',
        type=argument_types.name,
        help=_(
            'Servers on this compute host, in all projects unless --project '
            'is given (admin only)'
        ),
    )
    group.add_argument(
        '--status',
        metavar='<status>',
        type=argument_types.state,
        choices=_STATUSES,
        help=_('Servers with this status, such as ACTIVE'),
    )


def add_all_projects(group: argparse._ActionsContainer) -> None:
    """Add the option to look in all projects."""
    group.add_argument(
        '--all-projects',
        action='store_true',
        default=strutils.bool_from_string(os.environ.get('ALL_PROJECTS')),
        help=_(
            'Look in all projects (admin only) (can be specified using the '
            'ALL_PROJECTS envvar, but not for repair)'
        ),
    )


def add_concurrency(group: argparse._ActionsContainer) -> None:
    """Add the option for the number of parallel requests."""
    group.add_argument(
        '--concurrency',
        metavar='<number>',
        type=argument_types.number(1, fan_out.MOST_WORKERS),
        default=fan_out.DEFAULT_WORKERS,
        help=_('Number of parallel requests (default: %d)')
        % fan_out.DEFAULT_WORKERS,
    )


def read_scope(
    parsed_args: argparse.Namespace, api: identity.IdentityApi
) -> compute.ServerScope:
    """Read the selectors.

    :param parsed_args: The arguments.
    :param api: Keystone, to look up a project.
    :returns: The scope in which to look for servers.
    :raises osc_lib.exceptions.CommandError: There is no such project, or
        several have the name, or only a domain is given.
    """
    if parsed_args.project_domain and not parsed_args.project:
        raise plugin_command.UsageError(_('--project-domain needs --project.'))
    project_id = None
    if parsed_args.project:
        project_id = names.find_project_id(
            api, parsed_args.project, parsed_args.project_domain
        )
    return compute.ServerScope(
        # Only administrators may look for a host, whose servers are of many
        # projects.
        all_projects=parsed_args.all_projects or bool(parsed_args.host),
        project_id=project_id,
        project=parsed_args.project,
        host=parsed_args.host,
        status=parsed_args.status,
    )
