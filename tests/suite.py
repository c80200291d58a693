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

"""``python -m tests.suite [<step> …]``: the checks, and their totals.

Only the standard library: this runs before anything is installed.
"""

import argparse
from collections.abc import Callable
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from tests.cloud import embedded
from tests import environments

CHECKOUT = environments.CHECKOUT

CLOUD = (sys.executable, '-m', 'tests.cloud')


class Totals:
    """Counts what passed and what failed, over all steps."""

    def __init__(self) -> None:
        self.passed = 0
        self.failures: list[str] = []
        self.failed = 0

    def run(self, title: str, *command: str | pathlib.Path) -> bool:
        """Run a command that counts as one check.

        :returns: Whether it passed.
        """
        print(f'\n=== {title}', flush=True)
        if subprocess.run(command, cwd=CHECKOUT, check=False).returncode:
            self._failed(title, 1)
            return False
        self.passed += 1
        return True

    def run_tests(
        self,
        title: str,
        programs: pathlib.Path,
        directory: str,
        openstack: pathlib.Path | None = None,
    ) -> None:
        """Run the tests of a directory, which count one by one.

        :param title: What they are.
        :param programs: The environment that stestr runs in.
        :param directory: ``unit`` or ``functional``.
        :param openstack: The program that functional tests run, against
            the embedded cloud.
        """
        print(f'\n=== {title}', flush=True)
        command: list[str | pathlib.Path] = [programs / 'stestr', 'run']
        variables = {
            **os.environ,
            'OS_TEST_PATH': f'./tests/{directory}',
            'PYTHON': str(programs / 'python'),
        }
        if openstack:
            # A command waits for the cloud and the disk as well, so that two
            # do not keep two cores busy.
            command[:] = [*CLOUD, 'run', '--', *command, '--concurrency', '3']
            variables['OPENSTACK'] = str(openstack)
        # What an earlier run left must not be taken for this one.
        shutil.rmtree(CHECKOUT / '.stestr', ignore_errors=True)
        status = subprocess.run(
            command, cwd=CHECKOUT, env=variables, check=False
        ).returncode
        passed, failed = _outcomes(programs)
        self.passed += passed
        if failed or status or not passed:
            self._failed(title, max(failed, 1))

    def report(self) -> int:
        """Print the totals.

        :returns: The exit status.
        """
        for title in self.failures:
            print(f'FAILED: {title}')
        print(f'{self.passed} passed, {self.failed} failed')
        return 1 if self.failed else 0

    def _failed(self, title: str, count: int) -> None:
        self.failures.append(title)
        self.failed += count


def _outcomes(programs: pathlib.Path) -> tuple[int, int]:
    """Count the tests that passed and failed in the last run of stestr."""
    stream = subprocess.run(
        [programs / 'stestr', 'last', '--subunit'],
        cwd=CHECKOUT,
        check=False,
        capture_output=True,
    ).stdout
    statistics = subprocess.run(
        [programs / 'subunit-stats'],
        input=stream,
        check=False,
        capture_output=True,
    ).stdout.decode()
    counts = dict(re.findall(r'(Passed|Failed) tests: +(\d+)', statistics))
    return int(counts.get('Passed', 0)), int(counts.get('Failed', 0))


def lint(totals: Totals) -> None:
    """The style: ruff, and hacking for the rules of OpenStack."""
    programs = environments.ensure('newest')
    totals.run('ruff', programs / 'ruff', 'check', '.')
    totals.run('ruff format', programs / 'ruff', 'format', '--check', '.')
    totals.run('hacking', programs / 'flake8')


def types(totals: Totals) -> None:
    """The types: mypy --strict."""
    totals.run('mypy', environments.ensure('newest') / 'mypy', '.')


def unit(totals: Totals) -> None:
    """The unit tests, on each supported Python that is found."""
    totals.run_tests('unit tests', environments.ensure('newest'), 'unit')
    for version in ('3.11', '3.12', '3.13'):
        python = environments.interpreter(version)
        if python and not sys.version.startswith(f'{version}.'):
            totals.run_tests(
                f'unit tests on Python {version}',
                environments.ensure(f'testing.{version}', python),
                'unit',
            )


def functional(totals: Totals) -> None:
    """The functional tests: the wheel, beside nothing but the client."""
    testing = environments.ensure('newest')
    client = environments.ensure('client.wheel', install_plugin=False)
    if not totals.run('embedded cloud', *CLOUD, 'up'):
        return
    with tempfile.TemporaryDirectory() as directory:
        if not totals.run(
            'wheel',
            *(testing / 'python', '-m', 'pip', 'wheel', '-qq', '--no-deps'),
            *('--disable-pip-version-check', '--no-build-isolation'),
            *('--wheel-dir', directory, CHECKOUT),
        ):
            return
        (wheel,) = pathlib.Path(directory).iterdir()
        environments.install(client, '--force-reinstall', wheel)
        totals.run_tests(
            'functional tests', testing, 'functional', client / 'openstack'
        )


def oldest(totals: Totals) -> None:
    """All tests on the oldest releases that are supported."""
    python = environments.interpreter('3.11') or sys.executable
    programs = environments.ensure('oldest', python)
    totals.run_tests('unit tests, oldest releases', programs, 'unit')
    if totals.run('embedded cloud', *CLOUD, 'up'):
        totals.run_tests(
            'functional tests, oldest releases',
            programs,
            'functional',
            programs / 'openstack',
        )


def docs(totals: Totals) -> None:
    """The documentation, where a warning is an error."""
    programs = environments.ensure('newest')
    totals.run(
        'documentation',
        *(programs / 'python', '-m', 'sphinx', '-W', '-q', '--keep-going'),
        *('-b', 'html', 'doc/source', 'doc/build/html'),
    )


STEPS: dict[str, Callable[[Totals], None]] = {
    step.__name__: step
    for step in (lint, types, unit, docs, functional, oldest)
}


def main() -> int:
    """Run the command line; see ``--help``."""
    parser = argparse.ArgumentParser(
        prog='python -m tests.suite',
        description='Run the checks of this checkout; without a step, all.',
        epilog='; '.join(
            f'{name}: {step.__doc__}' for name, step in STEPS.items()
        ),
    )
    parser.add_argument('step', nargs='*', help=' '.join(STEPS))
    names = parser.parse_args().step or list(STEPS)
    totals = Totals()
    cloud = embedded.Cloud()
    was_up = cloud.is_up()
    try:
        for name in names:
            STEPS[name](totals)
    finally:
        if not was_up:
            cloud.down()
    return totals.report()


if __name__ == '__main__':
    sys.exit(main())
