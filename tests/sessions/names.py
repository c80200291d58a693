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

"""Matches identifiers on a page with those of the cloud."""

import re

# Identifiers are compared within a kind, in the order of this table.
KINDS = {
    'time': r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?',
    'age': r'\b\d+[dh] \d+[hm]\b',
    'request': r'req-[0-9a-f-]{36}',
    'uuid': r'[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
    'project': r'\b[0-9a-f]{32}\b',
    'device': r'\btap[0-9a-f]{8}-[0-9a-f]{2}\b',
    'mac': r'\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b',
    'ipv4': r'\b\d{1,3}(?:\.\d{1,3}){3}\b',
    'ipv6': r'\b[0-9a-f]{1,4}:(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{1,4}\b',
    'host': r'\bcompute-\d+\b',
}

_ANY = re.compile('|'.join(f'(?P<{k}>{v})' for k, v in KINDS.items()))

# Two of these can be equal by chance.
_TIMES = ('time', 'age', 'request')


class Names:
    """A mapping from the identifiers of a page to those of the cloud."""

    def __init__(self, known: dict[str, str]) -> None:
        """Begin with the identifiers known before the first command.

        :param known: The identifiers of the cloud, by those of the page.
        """
        self._of_cloud = dict(known)
        self._of_page = {theirs: ours for ours, theirs in known.items()}

    def match(self, page: str, cloud: str) -> bool:
        """Return whether two texts differ in identifiers only.

        Each identifier of the page must stand for the same one everywhere, and
        no two for the same one. The width of a table's columns is ignored, as
        an address may be longer.
        """
        if _shape(page) != _shape(cloud):
            return False
        pairs = [
            (ours[0], theirs[0])
            for ours, theirs in zip(
                _ANY.finditer(page), _ANY.finditer(cloud), strict=True
            )
            if ours.lastgroup not in _TIMES
        ]
        of_cloud = dict(self._of_cloud)
        of_page = dict(self._of_page)
        for ours, theirs in pairs:
            if (
                of_cloud.setdefault(ours, theirs) != theirs
                or of_page.setdefault(theirs, ours) != ours
            ):
                return False
        self._of_cloud, self._of_page = of_cloud, of_page
        return True

    def to_cloud(self, text: str) -> str:
        """Replace the page's identifiers by those of the cloud."""
        return _ANY.sub(lambda m: self._of_cloud.get(m[0], m[0]), text)

    def to_page(self, text: str) -> str:
        """Replace the cloud's identifiers by those of the page."""
        return _ANY.sub(lambda m: self._of_page.get(m[0], m[0]), text)


def _shape(text: str) -> str:
    kinds = _ANY.sub(lambda m: f'<{m.lastgroup}>', text)
    return re.sub(
        '(?m) +$', '', re.sub(r'  +', ' ', re.sub('--+', '-', kinds))
    )
