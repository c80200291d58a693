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

"""The fuzz targets: answers of every endpoint, arguments, and notations.

Each function takes values drawn by hypothesis, fails if the package breaks its
promises, and counts what it has tried.
"""

import collections
from collections.abc import Callable, Iterator
import copy
import csv
import functools
import io
import json
import re
from typing import Any

from hypothesis import strategies as st
from osc_lib import exceptions
import yaml

from osc_port_iface import addresses
from osc_port_iface.api import cloud as api_cloud
from osc_port_iface.api import compute
from osc_port_iface.api import load_balancer
from osc_port_iface.api import neutron
from osc_port_iface.api import response as responses
from osc_port_iface.interfaces.changes import listing_diff
from osc_port_iface.interfaces.changes import saved_listing
from osc_port_iface import printable
from tests import command_result
from tests.faults import plan
from tests.fuzz import in_process
from tests.unit import fake_cloud
from tests.unit import odd_cloud

# The keys and indexes that lead to a place in a document.
_Path = tuple[Any, ...]

# How much was tried, by kind.
COUNTS: collections.Counter[str] = collections.Counter()

STATUSES = frozenset({0, 1, 2, 3})

# Texts that are special somewhere, and arbitrary ones.
TEXTS = st.one_of(
    st.sampled_from(
        [
            '',
            '../flavors',
            '%2e%2e',
            '\x1b[2J',
            '\u202e',
            'fe80::1%\x1b[2J',
            '10.0.0.5',
            '::ffff:10.0.0.5',
            'fa:16:3e:00:00:0b',
            odd_cloud.WORDS['one'],
            odd_cloud.WORDS['one_port'],
            'compute:nova',
            'ACTIVE',
            'next',
            '9' * 5000,
            '2026-01-01T00:00:00Z',
        ]
    ),
    st.text(max_size=30),
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=6,
)

_ID = odd_cloud.WORDS['one']
_PORT = odd_cloud.WORDS['one_port']

# Each reader of an endpoint, called as the commands do.
READERS: dict[str, Callable[[api_cloud.Cloud], object]] = {
    'os-interface': lambda api: api.compute.interfaces(_ID),
    'server': lambda api: api.compute.server(_ID),
    'servers': lambda api: api.compute.servers(compute.ServerScope()),
    'servers in detail': lambda api: api.compute.servers(
        compute.ServerScope(), details=True
    ),
    'servers by name': lambda api: api.compute.servers(
        compute.ServerScope(), name='one'
    ),
    'down cells': lambda api: api.compute.servers_in_down_cells(
        compute.ServerScope(status='ACTIVE')
    ),
    'version document': lambda api: api.compute.microversion,
    'instance actions': lambda api: api.compute.instance_actions(_ID),
    'events of an action': lambda api: api.compute.action_events(
        _ID, f'req-{_PORT}'
    ),
    'ports': lambda api: api.network.list(neutron.PORTS),
    'ports of servers': lambda api: api.network.list(
        neutron.PORTS, 'device_id', [_ID]
    ),
    'ports by name': lambda api: api.network.list(neutron.PORTS, 'name', ['']),
    'ports by address': lambda api: api.network.list(
        neutron.PORTS, 'ip_address', [odd_cloud.WORDS['one_address']]
    ),
    'floating IPs': lambda api: api.network.list(
        neutron.FLOATING_IPS, 'address', [odd_cloud.FLOATING_IP]
    ),
    'networks': lambda api: api.network.list(
        neutron.NETWORKS, 'id', [odd_cloud.WORDS['network']]
    ),
    'subnets': lambda api: api.network.list(
        neutron.SUBNETS, 'id', [odd_cloud.WORDS['subnet']]
    ),
    'security groups': lambda api: api.network.list(
        neutron.SECURITY_GROUPS, 'id', [odd_cloud.WORDS['security_group']]
    ),
    'security group rules': lambda api: api.network.list(
        neutron.SECURITY_GROUPS_WITH_RULES,
        'id',
        [odd_cloud.WORDS['security_group']],
    ),
    'address groups': lambda api: api.network.list(
        neutron.ADDRESS_GROUPS, 'id', [odd_cloud.WORDS['address_group']]
    ),
    'routers': lambda api: api.network.list(neutron.ROUTERS),
    'trunks': lambda api: api.network.list(neutron.TRUNKS),
    'bindings of a port': lambda api: api.network.port_bindings(_PORT),
    'QoS policies': lambda api: api.network.list(
        neutron.QOS_POLICIES, 'id', [odd_cloud.WORDS['network']]
    ),
    'network agents': lambda api: api.network.list(
        neutron.AGENTS, 'host', ['compute-1']
    ),
    'compute services': lambda api: api.compute.compute_services(),
    'domains': lambda api: api.identity.domains('demo'),
    'load balancer': lambda api: api.load_balancer.show(
        load_balancer.LOAD_BALANCERS, _ID
    ),
    'projects': lambda api: api.identity.projects('demo', None),
}

# Answers that the fake cloud lacks or that are too small, by path.
_ANSWERS: dict[str, dict[str, Any]] = {
    '/v2.0/networks': {
        'networks': [
            {
                'id': odd_cloud.WORDS['network'],
                'name': 'net',
                'mtu': 1450,
                'segments': [
                    {
                        'provider:network_type': 'vlan',
                        'provider:segmentation_id': 101,
                        'provider:physical_network': 'physnet1',
                    }
                ],
            }
        ]
    },
    '/v2.0/subnets': {
        'subnets': [
            {
                **fake_cloud.subnet(900, '10.30.0.0/24'),
                'gateway_ip': '10.30.0.1',
            }
        ]
    },
    '/v2.0/floatingips': {
        'floatingips': [
            fake_cloud.floating_ip(
                odd_cloud.FLOATING_IP,
                port_forwardings=[
                    fake_cloud.forwarding(22, 22, 11, '10.30.0.11')
                ],
            )
        ]
    },
    '/v2.0/routers': {'routers': [fake_cloud.router(30, '203.0.113.1')]},
    '/v2.0/trunks': {'trunks': [fake_cloud.trunk(11, {101: 12})]},
    f'/v2.0/ports/{_PORT}/bindings': {
        'bindings': [{'host': 'compute-1', 'status': 'ACTIVE'}]
    },
    '/v2.0/qos/policies': {
        'policies': [{'id': fake_cloud.identifier(31), 'name': 'gold'}]
    },
    '/v2.0/agents': {
        'agents': [
            {
                'id': fake_cloud.identifier(32),
                'host': 'compute-1',
                'agent_type': 'Open vSwitch agent',
                'alive': True,
                'configurations': {'bridge_mappings': {'physnet1': 'br-ex'}},
            }
        ]
    },
    '/v2.1/os-services': {
        'services': [{'host': 'compute-1', 'state': 'up', 'status': 'enabled'}]
    },
    '/v3/projects': {
        'projects': [
            {
                'id': fake_cloud.PROJECT_ID,
                'name': 'demo',
                'domain_id': 'default',
            }
        ]
    },
    '/v3/domains/demo': {'domain': {'id': 'default', 'name': 'demo'}},
    '/v3/domains': {'domains': [{'id': 'default', 'name': 'demo'}]},
}

COMMANDS = {
    'list': (
        [],
        [_ID],
        ['--long'],
        ['--source', 'network'],
        ['--source', 'cache'],
        ['--all-projects', '--long', '-f', 'csv'],
    ),
    'show': (
        [_ID, _PORT],
        [_ID, odd_cloud.WORDS['one_address']],
        [_ID, _PORT, '--rules'],
    ),
    'find': (
        [odd_cloud.WORDS['one_address'], odd_cloud.FLOATING_IP],
        [odd_cloud.WORDS['one_mac'], _PORT, '-f', 'value'],
    ),
    'check': ([], [_ID], ['--all-projects', '-f', 'value']),
    'wait': ([_ID, '--timeout', '0'], ['one', '--timeout', '0']),
    'repair': (
        ['--dry-run'],
        [_ID, '--dry-run', '-f', 'csv'],
        ['--all-projects', '--dry-run', '--bounce', '--delete-orphans'],
    ),
    # Standard input is a saved listing.
    'diff': (['-'], ['-', '--same'], ['-', '--source', 'network']),
}

# The formats of saved listings.
FORMATS = ('json', 'yaml', 'csv')


def places(
    document: Any, path: tuple[Any, ...] = ()
) -> Iterator[tuple[Any, ...]]:
    """Walk through a document: the path to each value in it."""
    yield path
    if isinstance(document, dict):
        for key, value in document.items():
            yield from places(value, (*path, key))
    elif isinstance(document, list):
        # The other items are alike.
        for index, value in enumerate(document[:1]):
            yield from places(value, (*path, index))


def replaced(document: Any, path: _Path, value: Any) -> Any:
    """Copy a document with another value at a place."""
    if not path:
        return value
    key, *rest = path
    changed = copy.copy(document)
    changed[key] = replaced(document[key], tuple(rest), value)
    return changed


def read_everywhere(value: Any) -> None:
    """Put a value into each place of each answer in turn."""
    for name, read in READERS.items():
        for number in range(_places_of(name)):
            COUNTS['values in answers'] += 1
            services = in_process.Services(_spoil_place(number, value))
            with services.replaced():
                try:
                    read(in_process.api(services))
                except exceptions.CommandError as error:
                    _check_line(str(error))
                except Exception as error:
                    error.add_note(f'{name}, place {number}: {value!r}')
                    raise


def read_bytes(body: bytes, status: int) -> None:
    """Answer every reader with bytes."""
    for read in READERS.values():
        COUNTS['bodies that are not JSON'] += 1
        services = in_process.Services(
            lambda _path, _document: responses.Response(
                'Thing', status, {}, body
            )
        )
        with services.replaced():
            try:
                read(in_process.api(services))
            except exceptions.CommandError as error:
                _check_line(str(error))


def run_with_broken_answers(
    name: str, line: list[str], broken: dict[int, tuple[int, Any]]
) -> None:
    """Run a command with some broken answers.

    :param name: The command.
    :param line: Its arguments.
    :param broken: The place and the value in each broken answer.
    """
    COUNTS['commands with broken answers'] += 1
    asked = iter(range(in_process.MOST_REQUESTS + 1))

    def spoil(path: str, document: Any) -> responses.Response:
        place, value = broken.get(next(asked), (None, None))
        if place is None or document is None:
            return in_process.encoded(document)
        return _spoil_place(place, value)(path, document)

    _check(_run(name, line, in_process.Services(spoil)))


def repair_with_a_broken_answer(number: int, place: int, value: Any) -> None:
    """Break one answer of a repair, which must then not change anything.

    :param number: The number of the answer.
    :param place: The place in it.
    :param value: The value to put there.
    """
    COUNTS['repairs with a broken answer'] += 1
    asked = iter(range(in_process.MOST_REQUESTS + 1))

    def spoil(path: str, document: Any) -> responses.Response:
        if next(asked) != number or document is None:
            return in_process.encoded(document)
        return _spoil_place(place, value)(path, document)

    # Anything but a GET is an error in in_process.
    _check(_run('repair', ['--auto-approve'], in_process.Services(spoil)))


def read_listing(form: str, row: int, place: int, value: Any) -> None:
    """Compare a saved listing with a wrong value to a sound one."""
    COUNTS['values in saved listings'] += 1
    rows = json.loads(saved('json'))
    key = sorted(rows[0])[place % len(rows[0])]
    rows[row % len(rows)][key] = value
    if form == 'csv':
        written = io.StringIO()
        writer = csv.DictWriter(written, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        text = written.getvalue()
    else:
        # JSON is YAML, but YAML is rarely JSON.
        dump = yaml.safe_dump if form == 'yaml' else json.dumps
        text = dump(rows)
    _compare(text.encode('utf-8', 'surrogatepass'))


def read_listing_with_name(name: Any, value: Any) -> None:
    """Compare a saved listing with any value as a name."""
    COUNTS['names in saved listings'] += 1
    for form in (
        '- Port ID: {port}\n  ? {name}\n  : {value}\n',
        '- Port ID: {port}\n  x:\n  - ? {name}\n    : {value}\n',
        '[{{"Port ID": "{port}", {name}: {value}}}]',
        '"Port ID",{name}\n"{port}",{value}\n',
    ):
        text = form.format(
            port=_PORT, name=json.dumps(name), value=json.dumps(value)
        )
        _compare(text.encode())


def read_listing_of_bytes(form: str, start: int, found: bytes) -> None:
    """Compare a saved listing in which some bytes are wrong."""
    COUNTS['bytes in saved listings'] += 1
    content = saved(form)
    start %= len(content)
    _compare(content[:start] + found + content[start + len(found) :])


@functools.cache
def saved(form: str) -> bytes:
    """Save a listing of the fake cloud."""
    command = in_process.command_classes()['server interface list']
    services = in_process.Services()
    result = in_process.run(command, ['-f', form], services)
    return result.stdout.encode()


def _compare(content: bytes) -> None:
    try:
        listing = saved_listing.read('a file', content)
    except saved_listing.NotAListing as error:
        _check_line(str(error))
        return
    sound = saved_listing.read('another', saved('json'))
    found = listing_diff.ListingDiff(listing, sound)
    assert isinstance(found.changes, list)
    for line in found.notices:
        _check_line(line)


def _run(
    name: str, line: list[str], services: in_process.Services
) -> command_result.Result:
    command = in_process.command_classes()[f'server interface {name}']
    return in_process.run(command, line, services, saved('json'))


def run_with_arguments(name: str, line: list[str]) -> None:
    """Run a command with any arguments."""
    COUNTS['command lines'] += 1
    services = in_process.Services()
    result = _run(name, line, services)
    if result.status != 2:
        # argparse prints wrong arguments as they are.
        _check(result)
    for path in services.paths:
        assert re.fullmatch(in_process.PATHS, path), path


def read_notation(text: str) -> None:
    """Read a text as each kind of address."""
    COUNTS['notations'] += 1
    for parse in (
        addresses.parse_query,
        addresses.parse_address,
        addresses.parse_mac_address,
        addresses.parse_ip_address,
        addresses.parse_ip_network,
    ):
        try:
            value = parse(text)
        except ValueError:
            continue
        assert parse(str(getattr(value, 'value', value))), text


def escape(text: str) -> None:
    """Make a text safe for a terminal."""
    COUNTS['texts for a terminal'] += 1
    shown = printable.escape(text)
    assert not plan.UNSAFE.search(shown.replace('\n', '\x00')), text
    shown.encode('utf-8')
    line = printable.one_line(text)
    assert not plan.UNSAFE.search(line.replace('\n', '\x00')), text


@functools.cache
def _places_of(name: str) -> int:
    """Count the places in the last answer that a reader requests."""
    last: list[Any] = [None]

    def remember(path: str, document: Any) -> responses.Response:
        last[0] = _ANSWERS.get(path, document)
        return in_process.encoded(last[0])

    services = in_process.Services(remember)
    with services.replaced():
        READERS[name](in_process.api(services))
    return len(list(places(last[0])))


def _spoil_place(number: int, value: Any) -> in_process.Spoil:
    def spoil(path: str, document: Any) -> responses.Response:
        document = _ANSWERS.get(path, document)
        found = list(places(document))
        place = found[number % len(found)]
        return in_process.encoded(replaced(document, place, value))

    return spoil


def _check(result: Any) -> None:
    assert result.status in STATUSES, result
    _check_line(result.stderr.rstrip('\n').replace('\n', ' '))
    if not result.stdout.startswith('{'):
        assert not plan.UNSAFE.search(result.stdout), result


def _check_line(line: str) -> None:
    assert line.strip() == line and '\n' not in line, line
    assert not plan.UNSAFE.search(line), line
