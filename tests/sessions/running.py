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

"""Runs the sessions of a page, and compares the output."""

from collections.abc import Mapping
import difflib
import os
import pathlib

from tests.cloud import embedded
from tests.sessions import names
from tests.sessions import page as pages
from tests.sessions import scenarios
from tests.sessions import shell

# The steps whose output differs from the page, and that output.
Wrong = list[tuple[pages.Step, str]]


def _variables(openstack: pathlib.Path) -> dict[str, str]:
    environment = embedded.Cloud().environment()
    path = environment.get('PATH', os.defpath)
    return {
        **environment,
        'PATH': os.pathsep.join([str(openstack.parent), path]),
        'LC_ALL': 'C.UTF-8',
    }


def run(page: pages.Page, openstack: pathlib.Path) -> Wrong:
    """Run the sessions of a page, in the scenario that it names.

    :param openstack: The ``openstack`` program.
    :returns: The steps whose output differs from the page, and that output,
        with the identifiers of the page where it has any.
    """
    with scenarios.named(page.settings.get('scenario', 'demo')) as identifiers:
        cloud = page.settings.get('cloud', 'demo')
        return run_in(page, openstack, {'OS_CLOUD': cloud}, identifiers)


def run_in(
    page: pages.Page,
    openstack: pathlib.Path,
    variables: Mapping[str, str],
    identifiers: scenarios.Identifiers,
) -> Wrong:
    """Run the sessions of a page, as :func:`run` does, in another scenario.

    :param variables: More variables of the environment.
    :param identifiers: The identifiers of the cloud, by those of the page.
    """
    wrong = []
    environment = {**_variables(openstack), **variables}
    with shell.Shell(environment) as prompt:
        known = names.Names(identifiers)
        for step in page.steps:
            printed = prompt.run(known.to_cloud(step.command)).rstrip('\n')
            if not known.match('\n'.join(step.output), printed):
                wrong.append((step, known.to_page(printed)))
    return wrong


def describe(page: pages.Page, wrong: Wrong) -> str:
    """Describe what is wrong with a page."""
    return '\n'.join(
        f'{page.name}:{step.command_line + 1}: $ {step.command}\n'
        + '\n'.join(
            difflib.unified_diff(
                step.output,
                printed.splitlines(),
                'page',
                'cloud',
                lineterm='',
            )
        )
        for step, printed in wrong
    )


def update(page: pages.Page, wrong: Wrong) -> str:
    """Return the text of a page with the real output."""
    lines = list(page.lines)
    for step, printed in reversed(wrong):
        lines[step.first : step.end] = [
            f'{step.indentation}{line}'.rstrip()
            for line in printed.splitlines()
        ]
    return '\n'.join(lines) + '\n'
