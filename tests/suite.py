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

"""``python -m tests.suite [<argument of tox> …]``: tox.ini, and its totals.

Only the standard library is used, as this runs before anything is installed.
"""

from collections.abc import Iterator
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
from typing import Any

from tests.cloud import networks
from tests.cloud import ovn_packages
from tests import environments

PYTHONS = ('3.11', '3.12', '3.13', '3.14')

# How many environments run in parallel on two cores. Some wait for a cloud or
# a disk.
PARALLEL = '3'

# Those that share an embedded cloud, by what is below its Neutron.
SHARE_CLOUD = {
    networks.PLAIN: {
        'sessions',
        'churn',
        'functional',
        'oldest-functional',
    },
    networks.OVN: {'ovn'},
}

# How many of the last lines of a failed command are repeated.
LAST = 40

# The maximum length of the last line of a failed test in the summary.
WIDTH = 200


def run_tox(programs: pathlib.Path, arguments: list[str]) -> dict[str, Any]:
    """Run environments of tox.ini, several at a time.

    :param programs: The directory of tox.
    :param arguments: Arguments of tox, such as ``-e pep8,mypy``. Without
        ``-e``, it runs everything in ``envlist``.
    :returns: The result of each environment, as in its ``--result-json``.
    """
    found = {
        version: python
        for version in PYTHONS
        if (python := environments.interpreter(version))
    }
    variables = {
        **environments.uv_variables(),
        'PATH': os.pathsep.join(
            [
                *(
                    str(pathlib.Path(python).parent)
                    for python in found.values()
                ),
                os.environ.get('PATH', os.defpath),
            ]
        ),
    }
    skipped = []
    if not (environments.CHECKOUT / '.git').exists():
        print('Without git there are no release notes to build.')
        skipped.append('releasenotes')
    if not arguments:
        # As in OpenStack's gate, which runs the lowest and the highest.
        for version in [*found][1:-1]:
            print(f'Only make unit runs the unit tests on Python {version}.')
            skipped.append(f'py{version.replace(".", "")}')
        try:
            ovn_packages.ensure()
        except ovn_packages.NotAvailableError as error:
            print(error)
            skipped.append('ovn-smoke')
    if skipped:
        variables['TOX_SKIP_ENV'] = '|'.join(skipped)
    with tempfile.TemporaryDirectory() as directory:
        report = pathlib.Path(directory) / 'result.json'
        with subprocess.Popen(
            [
                programs / 'tox',
                'run-parallel',
                '--parallel',
                PARALLEL,
                '--parallel-no-spinner',
                '--result-json',
                report,
                *arguments,
            ],
            cwd=environments.CHECKOUT,
            env=variables,
            stdin=subprocess.DEVNULL,
            # With all that it starts.
            process_group=0,
        ) as tox:
            try:
                tox.wait()
            except KeyboardInterrupt:
                os.killpg(tox.pid, signal.SIGINT)
                tox.wait()
                raise
        environments_run: dict[str, Any] = json.loads(report.read_text())[
            'testenvs'
        ]
    return environments_run


@contextlib.contextmanager
def shared_cloud(network: str, arguments: list[str]) -> Iterator[None]:
    """Bring an embedded cloud up once for all environments that need it.

    It starts while the environments that do not need it run.

    :param network: What is below its Neutron.
    :param arguments: Arguments of tox. Without ``-e``, only the plain cloud is
        needed.
    """
    chosen = set(re.split('[ ,]', ' '.join(arguments)))
    needed = (
        not SHARE_CLOUD[network].isdisjoint(chosen)
        if '-e' in chosen
        else network == networks.PLAIN
    )
    if not needed:
        yield
        return
    # It ends when its standard input does, however this process ends.
    keeper = subprocess.Popen(
        [
            sys.executable,
            '-m',
            'tests.cloud',
            'run',
            '--network',
            network,
            '--',
            'cat',
        ],
        cwd=environments.CHECKOUT,
        stdin=subprocess.PIPE,
    )
    try:
        yield
    finally:
        keeper.communicate()


def count(environment: dict[str, Any]) -> tuple[int, int]:
    """Count the checks that passed and failed in an environment.

    Each test is a check. A command without tests is one check.

    :param environment: What tox says of it.
    """
    passed = failed = 0
    for command in environment.get('test', []):
        tests = [
            int(number)
            for outcome in ('Passed', 'Failed')
            for number in re.findall(
                rf'(?m)^ - {outcome}: (\d+)$', command['output']
            )
        ] or [0, 0]
        if command['retcode'] == 0 == sum(tests):
            tests[0] = 1
        elif command['retcode'] and not tests[1]:
            tests[1] = 1
        passed += tests[0]
        failed += tests[1]
    if not failed and not environment['result']['success']:
        failed = 1
    return passed, failed


def skips(environment: dict[str, Any]) -> list[str]:
    """Return a line with the reason for each test that was skipped.

    :param environment: What tox says of it.
    """
    return [
        f'{name}: {reason}'
        for command in environment.get('test', [])
        for name, reason in re.findall(
            r'(?m)^\{\d+\} (\S+) .*\.\.\. SKIPPED: (.*)$', command['output']
        )
    ]


def failures(environment: dict[str, Any]) -> str:
    """Return the output of the failures in an environment.

    It is shown again at the end, because the environments run in parallel and
    print thousands of lines.

    :param environment: What tox says of it.
    :returns: The output of stestr for each failed test, and the last lines of
        any other failed command; empty if everything passed.
    """
    found = []
    for command in environment.get('test', []):
        tests = re.search(
            r'(?s)\nFailed \d+ tests - output below:\n=+\n(.*?)\n=+\nTotals\n',
            command['output'],
        )
        if tests:
            found.append(tests[1].strip())
        elif command['retcode']:
            found.append('\n'.join(command['output'].splitlines()[-LAST:]))
    return '\n\n'.join(found)


def summary(shown: str) -> list[str]:
    """Summarize failures in one line each.

    :param shown: The result of :func:`failures`.
    :returns: The name of each test and its last line, and the last line of any
        other command.
    """
    start, *tests = re.split(r'(?m)^(\S+)\n-+$', shown)
    texts = [start, *tests[1::2]]
    pairs = zip(['', *tests[::2]], map(str.strip, texts), strict=True)
    return [
        f'{name} {text.splitlines()[-1].strip()[:WIDTH]}'.strip()
        for name, text in pairs
        if text
    ]


def main(arguments: list[str]) -> int:
    """Run the command line.

    :returns: The exit status: 0 if something passed and nothing failed.
    """
    total_passed = total_failed = 0
    failed_last = []
    print()
    # Stop tox and the cloud after these signals, too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        # nohup ignores the latter.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    # The cloud is also installed with tools from this environment.
    programs = environments.ensure('tox', install_plugin=False)
    with (
        shared_cloud(networks.PLAIN, arguments),
        shared_cloud(networks.OVN, arguments),
    ):
        reports = run_tox(programs, arguments)
    for name, environment in reports.items():
        failed_here = failures(environment)
        if failed_here:
            print(f'Failed in {name}:\n\n{failed_here}\n')
            failed_last += [
                f'failed in {name}: {line}' for line in summary(failed_here)
            ]
    for name, environment in reports.items():
        result = environment.get('result')
        if not result:
            # It was not requested, or builds the package for others.
            continue
        if result['skipped']:
            print(f'{name}: skipped, its Python is not there')
            continue
        passed, failed = count(environment)
        skipped = skips(environment)
        print(
            f'{name}: {passed} passed, {failed} failed, {len(skipped)} skipped'
        )
        for line in skipped:
            print(f'  skipped {line}')
        total_passed += passed
        total_failed += failed
    # Repeated last, for tools that show only the end of the output.
    for line in failed_last:
        print(line)
    print(f'{total_passed} passed, {total_failed} failed')
    return 0 if total_passed and not total_failed else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
