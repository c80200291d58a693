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

"""``openstack server interface``, without a verb."""

import argparse

from osc_port_iface.commands import plugin_command
from osc_port_iface.i18n import _
from osc_port_iface import printable

# The verbs of the commands, and the questions that they answer.
QUESTIONS = {
    'list': _('What is plugged into these servers?'),
    'show': _('What are the details of this interface?'),
    'find': _('Which server is behind this address?'),
    'check': _('Do Nova and Neutron agree on these interfaces?'),
    'repair': _('How do I repair what check found?'),
    'diff': _('What changed since I saved this listing?'),
    'reach': _('Can A reach B, and if not, what stops it?'),
    'record': _('Who had this address then?'),
    'wait': _('Is this attach, detach or activation finished?'),
}

_NAME = 'openstack server interface'


class ServerInterfaceOverview(plugin_command.PluginCommand):
    """Show the commands for the interfaces of servers."""

    examples = (
        f'{_NAME} list web-1',
        f'{_NAME} find 203.0.113.206',
        f'{_NAME} check',
    )

    def get_description(self) -> str:
        verbs = [f'  {verb:6}  {text}' for verb, text in QUESTIONS.items()]
        parts = (
            super().get_description(),
            _('Commands::'),
            '\n'.join(verbs),
            _("'openstack help server interface list' shows the options."),
        )
        return '\n\n'.join(parts)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        # 'openstack complete' offers the verbs of a command that has options
        # only after a dash (cliff/complete.py), so it has none. --help becomes
        # 'openstack help'.
        parser = argparse.ArgumentParser(
            prog=prog_name,
            usage=f'{prog_name} <command> [<argument> ...]',
            description=self.get_description(),
            epilog=self.get_epilog(),
            formatter_class=plugin_command.help_formatter(
                argparse.HelpFormatter
            ),
            add_help=False,
            prefix_chars='\0',
        )
        # A verb that does not exist arrives here, with its arguments.
        parser.add_argument('verb', nargs='?', help=argparse.SUPPRESS)
        parser.add_argument(
            'arguments', nargs=argparse.REMAINDER, help=argparse.SUPPRESS
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        if parsed_args.verb:
            line = _(
                "There is no command '%(name)s'; the verbs are: %(verbs)s"
            )
            name = f'{_NAME} {printable.escape(parsed_args.verb)}'
            raise plugin_command.UsageError(
                line % {'name': name, 'verbs': ', '.join(QUESTIONS)}
            )
        self.app.stdout.write(self.get_parser(_NAME).format_help())
