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

"""The language in which the plan describes faults.

Each is a few words, and several faults in a row are separated by slashes::

    503 retry-after=0 / healthy
    cut=50%
    set:ports.*.device_owner=null

The words of one fault are applied from left to right, each to the result of
the previous one:

==================  =====================================================
``healthy``         what the service answers
``503``             this status, with a fault as the services write it
``html``            a proxy's page in place of the body
``empty``           no body
``body=[]``         this text as the body
``retry-after=2``   this header; ``_`` stands for a space
``bad-header``      a line that is no header, for a terminal to act on
``chunked``         in chunks, although its length is announced
``cut=50%``         only so much of the body, announced as all of it
``cut-off=50%``     only so much of the body, although all was announced
``reset=50%``       a connection reset after so much of the answer
``silence``         nothing, and no end
``ctrl-c``          a Ctrl-C before the answer, in process only
``gzip-bomb``       300 MB that are 300 kB on the wire
``huge``            200 MB
``redirect=URL``    a redirect; ``.`` is the same URL
``set:PATH=JSON``   another value in the body; in its path, ``*`` is each item
``drop:PATH``       a key less in the body
``add:PATH=JSON``   an item more in a list of the body
``twice:PATH``      each item of a list twice
``many:PATH=N``     so many copies of the first item, with port IDs
``lose:PATH=TYPE``  a list without the items of a type
``nested=N``        so many brackets
``unfiltered``      what is answered without a filter in the query
``page=2``          what is answered to a query for pages of so many
``closed=SERVICE``  a catalog in which nobody listens for a service
==================  =====================================================
"""

from collections.abc import Callable
import dataclasses
import functools
import gzip
import json
import re
import signal
from typing import Any
from urllib import parse
import uuid

from tests.faults import answers

Answer = answers.Answer
Request = answers.Request

# Only the system may listen below 1024, and here nothing does.
CLOSED = 'localhost:1'

# The request ID of a fault.
REQUEST_ID = 'req-7'

_PAGE = b'<html>\n<h1>Bad \x1b[2JGateway</h1>'

# Neutron's parameters that are not filters.
_NO_FILTERS = frozenset({'fields', 'limit', 'marker', 'sort_key', 'sort_dir'})


def parse_faults(text: str, endpoints: dict[str, str]) -> list[answers.Fault]:
    """Read faults.

    :param text: One or more faults, separated by slashes.
    :param endpoints: The URL of each service.
    """
    return [
        functools.partial(_fail, step.split(), endpoints)
        for step in text.split(' / ')
    ]


def parse_place(text: str) -> Callable[[str], bool]:
    """Read which requests are to fail.

    :param text: The path of their URLs, where ``*`` stands for one segment,
        followed by a condition on the query: ``marker``, ``limit>250``, or
        ``device_id+`` for several values of a parameter.
    :returns: A function that tells whether a URL is one of them.
    """
    pattern, *conditions = text.split()
    path = re.compile(re.escape(pattern).replace(r'\*', '[^/]+') + '/?')

    def concerns(url: str) -> bool:
        found = parse.urlsplit(url)
        query = parse.parse_qs(found.query)
        return bool(path.fullmatch(found.path)) and all(
            _holds(condition, query) for condition in conditions
        )

    return concerns


def _holds(condition: str, query: dict[str, list[str]]) -> bool:
    if condition.endswith('+'):
        return len(query.get(condition[:-1], [])) > 1
    name, _separator, least = condition.partition('>')
    return name in query and (not least or int(query[name][0]) > int(least))


def port_id(number: int) -> str:
    """Return the ID of one of the ports that ``many`` makes."""
    return str(uuid.UUID(int=number, version=4))


def _fail(
    words: list[str], endpoints: dict[str, str], request: Request
) -> Answer:
    if words[0].isdigit():
        answer = _refusal(int(words[0]))
    else:
        url = _asked(words[0], request.url)
        answer = request.forward(dataclasses.replace(request, url=url))
    for word in words:
        name, separator, value = re.split('([:=]|$)', word, maxsplit=1)
        if separator == ':':
            answer.body = _edited(answer.body, name, value)
        elif name == 'closed':
            service = parse.urlsplit(endpoints[value]).netloc
            answer.body = answer.body.replace(
                service.encode(), CLOSED.encode()
            )
        elif name == 'redirect':
            place = request.url if value == '.' else value
            answer = Answer(302, headers={'Location': place})
        elif name in _WORDS:
            _WORDS[name](answer, value)
    return answer


def _refusal(status: int) -> Answer:
    body = {'fault': {'code': status, 'message': 'Why.'}}
    return Answer(
        status,
        json.dumps(body).encode(),
        {'X-OpenStack-Request-ID': REQUEST_ID},
    )


def _asked(word: str, url: str) -> str:
    """Change the query if the fault is about it."""
    name, _separator, value = word.partition('=')
    found = parse.urlsplit(url)
    query = parse.parse_qsl(found.query)
    if name == 'unfiltered':
        query = [item for item in query if item[0] in _NO_FILTERS]
    elif name == 'page':
        query = [item for item in query if item[0] != 'limit']
        query.append(('limit', value))
    else:
        return url
    return found._replace(query=parse.urlencode(query)).geturl()


def _page(answer: Answer, _value: str) -> None:
    answer.body = _PAGE
    answer.headers = {'Content-Type': 'text/html'}


def _body(answer: Answer, value: str) -> None:
    answer.body = value.encode()


def _retry_after(answer: Answer, value: str) -> None:
    answer.headers['Retry-After'] = value.replace('_', ' ')


def _bad_header(answer: Answer, _value: str) -> None:
    # The headers below it are lost.
    answer.headers['Content-Length'] = str(len(answer.body))
    answer.headers['bad \x1b[2Jheader'] = ''


def _chunked(answer: Answer, _value: str) -> None:
    answer.headers['Transfer-Encoding'] = 'chunked'
    answer.body = b'%x\r\n%b\r\n0\r\n\r\n' % (
        len(answer.body),
        answer.body,
    )


def _cut(answer: Answer, value: str) -> None:
    answer.body = answer.body[: int(len(answer.body) * _part(value))]


def _cut_off(answer: Answer, value: str) -> None:
    _cut(answer, value)
    answer.cut_off = True


def _reset(answer: Answer, value: str) -> None:
    answer.reset_at = _part(value)


def _silence(answer: Answer, _value: str) -> None:
    answer.seconds_a_byte = 3600


def _ctrl_c(_answer: Answer, _value: str) -> None:
    signal.raise_signal(signal.SIGINT)


def _gzip_bomb(answer: Answer, _value: str) -> None:
    answer.body = gzip.compress(b' ' * 300_000_000, compresslevel=1)
    answer.headers['Content-Encoding'] = 'gzip'


def _huge(answer: Answer, _value: str) -> None:
    answer.body = b'{"a": "' + b'x' * 200_000_000 + b'"}'


def _nested(answer: Answer, value: str) -> None:
    answer.body = b'[' * int(value) + b']' * int(value)


def _part(value: str) -> float:
    return int(value.rstrip('%')) / 100


_WORDS: dict[str, Callable[[Answer, str], None]] = {
    'html': _page,
    'empty': _body,
    'body': _body,
    'retry-after': _retry_after,
    'bad-header': _bad_header,
    'chunked': _chunked,
    'cut': _cut,
    'cut-off': _cut_off,
    'reset': _reset,
    'silence': _silence,
    'ctrl-c': _ctrl_c,
    'gzip-bomb': _gzip_bomb,
    'huge': _huge,
    'nested': _nested,
}


def _edited(body: bytes, edit: str, where: str) -> bytes:
    """Change a JSON body at each place that a path leads to."""
    path, _separator, value = where.partition('=')
    *containers, key = path.split('.')
    document = json.loads(body)
    for container in functools.reduce(_descend, containers, [document]):
        _EDITS[edit](container, key, value)
    return json.dumps(document).encode()


def _descend(containers: list[Any], key: str) -> list[Any]:
    if key == '*':
        return [
            item
            for items in containers
            for item in (items.values() if isinstance(items, dict) else items)
        ]
    return [
        container[int(key) if isinstance(container, list) else key]
        for container in containers
    ]


def _set(container: Any, key: str, value: str) -> None:
    container[int(key) if isinstance(container, list) else key] = json.loads(
        value
    )


def _drop(container: Any, key: str, _value: str) -> None:
    del container[key]


def _add(container: Any, key: str, value: str) -> None:
    container[key].append(json.loads(value))


def _twice(container: Any, key: str, _value: str) -> None:
    container[key] *= 2


def _many(container: Any, key: str, value: str) -> None:
    container[key] = [
        {**container[key][0], 'port_id': port_id(number)}
        for number in range(int(value))
    ]


def _lose(container: Any, key: str, value: str) -> None:
    container[key] = [item for item in container[key] if item['type'] != value]


_EDITS: dict[str, Callable[[Any, str, str], None]] = {
    'set': _set,
    'drop': _drop,
    'add': _add,
    'twice': _twice,
    'many': _many,
    'lose': _lose,
}
