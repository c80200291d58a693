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

"""Judges the paths between what a user named."""

import itertools

from osc_lib import exceptions

from osc_port_iface.i18n import _
from osc_port_iface.interfaces.path import flows
from osc_port_iface.interfaces.path import paths
from osc_port_iface.interfaces.path import surroundings
from osc_port_iface.interfaces.path import survey
from osc_port_iface.interfaces.path import translation
from osc_port_iface import printable
from osc_port_iface import records


def judge_all(
    known: survey.Survey,
    source: survey.NameOrNetwork,
    destination: survey.NameOrNetwork,
    question: flows.Question,
) -> records.Answer[paths.Path]:
    """Judge every path from a source to a destination.

    :param known: The surroundings, which are read here.
    :param source: What the user named.
    :param destination: Likewise.
    :param question: The traffic in question.
    :returns: A path for each pair of addresses and each floating IP.
    :raises exceptions.CommandError: An end does not exist, has no address, or
        could not be looked up.
    """
    both = known.ends(source, destination)
    names = [
        printable.one_line(
            name if isinstance(name, str) else surroundings.text(name)
        )
        for name in (source, destination)
    ]
    for name, named in zip(names, both, strict=True):
        if not named:
            raise exceptions.CommandError(
                _('%s has no address that you may see.') % name
            )
    known.read([*itertools.chain(*both)])
    answer: records.Answer[paths.Path] = records.Answer([])
    for sender, receiver in _pairs(*both):
        end = receiver if receiver.is_unroutable else sender
        if asked := question.flows(end.network.version):
            answer.rows += judge(known, sender, receiver, asked)
    if not answer.rows:
        text = _('%s have no addresses of one version of IP for this traffic.')
        answer.notices.append(text % _(' and ').join(names))
    answer.failures = list(dict.fromkeys(known.failures))
    return answer


def _pairs(
    sources: list[surroundings.End], destinations: list[surroundings.End]
) -> list[tuple[surroundings.End, surroundings.End]]:
    """Pair addresses of one version of IP.

    What is not routed is paired with any: a server without a fixed IP of
    IPv6 has a link-local address, too.
    """
    pairs = [*itertools.product(sources, destinations)]
    return [
        pair
        for pair in pairs
        if len({end.network.version for end in pair}) == 1
    ] or [pair for pair in pairs if any(end.is_unroutable for end in pair)]


def judge(
    known: surroundings.Surroundings,
    source: surroundings.End,
    destination: surroundings.End,
    asked: flows.Flows,
) -> list[paths.Path]:
    """Judge the paths from one address to another.

    :param known: The surroundings.
    :param source: The source.
    :param destination: The destination, of the same version of IP.
    :param asked: The traffic in question, for this version of IP.
    """
    return [
        path
        for start in known.split_by_network(source)
        for end in map(known.at_gateway, known.split_by_network(destination))
        if known.exists(start, end) and known.exists(end, start)
        for path in _judge(paths.Pair(known, start, end, asked))
    ]


def _judge(pair: paths.Pair) -> list[paths.Path]:
    for end in (pair.source, pair.destination):
        if end.is_unroutable:
            reason = _('routers do not forward %(address)s')
            return [pair.unknown(reason, address=end.address)]
        if end.floating_ip and not end.port:
            return [translation.dead_end(pair, end.floating_ip)]
    found = list(translation.judge(pair))
    if pair.destination.floating_ip:
        return found or [
            translation.dead_end(pair, pair.destination.floating_ip)
        ]
    if found and pair.source.network_id is None:
        return found
    return [pair.judge_directly(), *found]
