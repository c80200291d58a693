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

"""Reads whole listings in pages and batches of acceptable size.

A proxy may limit URLs to less than a service does, and a service may take
longer for a page than the proxy waits. In both cases less is requested at a
time, and the size that works is remembered.
"""

import abc
from collections.abc import (
    Callable,
    Container,
    Iterable,
    Mapping,
    Sequence,
)
import dataclasses
import itertools
import logging
import re
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar
from urllib import parse

from osc_port_iface.api import errors
from osc_port_iface.api import faults
from osc_port_iface.api import paths
from osc_port_iface.api import reading
from osc_port_iface.api import transport as api_transport
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records

LOG = logging.getLogger(__name__)

# Services should accept request lines of at least 8,000 octets (RFC 9112,
# section 3). This leaves room for the endpoint and the fields.
_LONGEST_VALUES = 7000

# Rows per page: Nova's maximum. Neutron has none, and would use memory without
# a limit.
LARGEST_PAGE = 1000

_SMALLEST_PAGE = 25

# The filters that may match a large part of the cloud.
_BROAD = frozenset({'project_id'})


class HasId(Protocol):
    @property
    def id(self) -> str:
        """What distinguishes a row from the others."""


_Row = TypeVar('_Row')
_ListedRow = TypeVar('_ListedRow', bound=HasId)

Parameters = Mapping[str, Sequence[str]]

# The values of a filter. None and repeated ones are left out.
Values = Iterable[str | None]


@dataclasses.dataclass(frozen=True)
class Filter(Generic[_Row]):
    """A filter of a collection.

    :ivar parameter: The query parameter.
    :ivar values_of: Returns the values of a row that the filter compares; None
        if the row does not show them.
    :ivar prefix: What precedes each value in the query.
    """

    parameter: str
    values_of: Callable[[_Row], Values] | None
    prefix: str = ''

    def matches(self, row: _Row, values: Container[str]) -> bool:
        """Return whether a row has one of these values.

        A service may not know the filter, or may compare differently.

        :param values: The values, as returned by :meth:`comparable`.
        """
        return self.values_of is None or any(
            value and self.comparable(value) in values
            for value in self.values_of(row)
        )

    def comparable(self, value: str) -> str:
        """Return a value in the form in which it is compared.

        Names that differ in case are different names.
        """
        return value if self.parameter == 'name' else value.lower()


@dataclasses.dataclass(frozen=True)
class Collection(Generic[_Row]):
    """A collection that a service can list.

    :ivar key: The key of its rows in an answer.
    :ivar what: Its name in messages.
    :ivar record: How a row is read.
    :ivar filters: The filters other than those by a field of the record.
    :ivar extension: The alias of the extension of Neutron that it belongs to;
        without it, there are no rows.
    :ivar other_path: Its path, if it is not made of the key.
    :ivar one: The name of a row in messages, such as ``Server %s``.
    :ivar ids: What the IDs of its rows look like.
    :ivar hint: More that the user should know if a row is not found.
    """

    key: str
    what: str
    record: reading.Record[_Row]
    filters: Mapping[str, Filter[_Row]] = dataclasses.field(
        default_factory=dict
    )
    extension: str | None = None
    other_path: str | None = None
    one: str = ''
    ids: re.Pattern[str] = paths.UUID
    hint: str = ''

    @property
    def path(self) -> str:
        """Its path below the URL of the service."""
        return self.other_path or f'/{self.key.replace("_", "-")}'

    def filter(self, name: str) -> Filter[_Row]:
        """Return a filter by its name; by default, that of a field."""

        def values_of(row: _Row) -> Values:
            value = getattr(row, name)
            return value if isinstance(value, tuple) else [value]

        known = self.filters.get(name)
        return known or Filter(self.record.key(name), values_of)

    def only(self, *names: str) -> 'Collection[_Row]':
        """Return the same collection, read with these fields only."""
        return dataclasses.replace(self, record=self.record.only(*names))


class CollectionLister(abc.ABC):
    """Lists the collections of a service.

    :cvar TAKES_FIELDS: Whether it can be asked for single fields.
    :cvar PAGES: Query parameters for large listings, if it has no pages unless
        it is asked for them.
    """

    TAKES_FIELDS: ClassVar[bool] = False
    PAGES: ClassVar[Parameters] = {}

    def __init__(self) -> None:
        self._page_size = LARGEST_PAGE
        self._values_length = _LONGEST_VALUES

    @property
    @abc.abstractmethod
    def transport(self) -> api_transport.Transport:
        """What sends the requests of the service."""

    def list(
        self,
        collection: Collection[_ListedRow],
        name: str = '',
        values: Values = (),
        query: Parameters | None = None,
    ) -> records.Answer[_ListedRow]:
        """List the rows of a collection that the caller may see.

        :param collection: The collection.
        :param name: A filter of the collection; by default, there is none.
        :param values: The values of the filter, any of which a row must have.
            Without a value, there are no rows, and nothing is requested. The
            values are sent in batches that fit into a URL.
        :param query: More query parameters.
        :returns: The rows, without duplicates. A row with none of the values
            is dropped.
        :raises errors.ApiError: A request failed.
        """
        query = query or {}
        if not name or name in _BROAD:
            query = {**self.PAGES, **query}
        if not name:
            return self._all(collection, query)
        chosen = collection.filter(name)
        distinct = [value for value in dict.fromkeys(values) if value]
        known = set(map(chosen.comparable, distinct))
        waiting = [f'{chosen.prefix}{value}' for value in distinct]
        answer: records.Answer[_ListedRow] = records.Answer([])
        rows: dict[str, _ListedRow] = {}
        while waiting:
            count = self._batch(chosen.parameter, waiting)
            try:
                part = self._all(
                    collection,
                    {**query, chosen.parameter: waiting[:count]},
                    is_divisible=count > 1,
                )
            except errors.TooLarge:
                if count == 1:
                    raise
                self._values_length = _length(
                    chosen.parameter, waiting[: count // 2]
                )
                LOG.info(
                    _('%(what)s: asking for %(count)d at a time'),
                    {'what': collection.what, 'count': count // 2},
                )
                continue
            waiting = waiting[count:]
            answer.failures += part.failures
            rows.update(
                (row.id, row)
                for row in part.rows
                if chosen.matches(row, known)
            )
        answer.rows = [*rows.values()]
        return answer

    def page(
        self, collection: Collection[_Row], query: Parameters
    ) -> records.Answer[_Row]:
        """List the rows that the first page has.

        :raises errors.ApiError: The request failed.
        """
        asked = self._with_fields(collection, query)
        page = self.transport.get(collection.path, collection.what, asked)
        return self._read(collection, page)

    def names(
        self, collection: Collection[Any], query: Parameters | None = None
    ) -> Sequence[str]:
        """List the names of those rows that one request shows."""
        named = dataclasses.replace(collection, record=_NAMED)
        page = self.page(named, {**self.PAGES, **(query or {})})
        return [row.name for row in page.rows if row.name]

    def show(
        self,
        collection: Collection[_Row],
        row_id: str,
        called: str | None = None,
    ) -> _Row:
        """Show a row of a collection.

        :param row_id: Its ID. Nothing is requested unless it may be one.
        :param called: What messages call it; by default, its ID.
        :raises errors.NotFound: It does not exist, or this caller may not see
            it.
        :raises errors.ApiError: The request failed.
        """
        what = collection.one % printable.escape(called or row_id)
        row_id = paths.checked_id(row_id, what, collection.ids)
        answer = self.transport.get(
            f'{collection.path}/{row_id}', what, hint=collection.hint
        )
        return answer.intact(
            collection.key.removesuffix('s'), collection.record.read
        )

    def _read(
        self, collection: Collection[_Row], page: reading.Object
    ) -> records.Answer[_Row]:
        """Read the rows of a page, with a line for each that is broken."""
        return page.answer(
            collection.key,
            lambda row: collection.record.read(self._filled(collection, row)),
        )

    def _filled(
        self, collection: Collection[Any], row: reading.Object
    ) -> reading.Object:
        """Return a row of a listing with what the listing leaves out."""
        return row

    def _all(
        self,
        collection: Collection[_ListedRow],
        query: Parameters,
        is_divisible: bool = False,
        restarts: int = 3,
    ) -> records.Answer[_ListedRow]:
        """List all rows that match a query, page by page.

        The size of a page is up to the service, unless it is too slow or the
        query has a limit.

        :param is_divisible: Whether the caller can split the query, so that
            there is no need for smaller pages.
        :param restarts: How often to start again if the last row of a page was
            deleted before the next page was read.
        :returns: The rows, without duplicates, in the order of the service.
        :raises errors.TooLarge: The caller should split the query.
        """
        answer: records.Answer[_ListedRow] = records.Answer([])
        rows: dict[str, _ListedRow] = {}
        seen: set[str] = set()
        following: Parameters | None = self._with_fields(collection, query)
        while following is not None:
            seen.add(str(following))
            if 'limit' in query or self._page_size < LARGEST_PAGE:
                following = {**following, 'limit': [str(self._page_size)]}
            is_smallest = self._page_size <= _SMALLEST_PAGE
            try:
                page = self.transport.get(
                    collection.path,
                    collection.what,
                    following,
                    is_divisible=not is_smallest,
                )
            except errors.TooLarge as error:
                is_too_long = isinstance(error, errors.TooLong)
                if is_smallest or is_too_long or (is_divisible and not rows):
                    raise
                self._page_size = max(_SMALLEST_PAGE, self._page_size // 5)
                LOG.info(
                    _('%(what)s: asking for pages of %(size)d'),
                    {'what': collection.what, 'size': self._page_size},
                )
                continue
            except (errors.NothingThere, errors.BadRequest) as error:
                if 'marker' in following and restarts:
                    # The row after which the page begins was deleted.
                    return self._all(
                        collection, query, is_divisible, restarts - 1
                    )
                if isinstance(error, errors.NothingThere) and self.lacks(
                    collection.extension
                ):
                    return answer
                raise
            found = self._read(collection, page)
            rows.update((row.id, row) for row in found.rows)
            following = _next_query(page, f'{collection.key}_links')
            if str(following) in seen:
                raise faults.malformed(
                    page.response, _('the link to the next page leads back')
                )
            # If a link cannot be read, the next page is missing.
            answer.failures += found.failures
            if following is None and page.value('truncated', bool):
                # Keystone has a limit (max_db_limit), and not always pages.
                answer.failures.append(
                    _('%s: the service shows only the first ones')
                    % collection.what
                )
        answer.rows = [*rows.values()]
        return answer

    def lacks(self, extension: str | None) -> bool:
        """Return whether the service is known not to have an extension."""
        return False

    def _with_fields(
        self, collection: Collection[_Row], query: Parameters
    ) -> Parameters:
        keys = collection.record.keys if self.TAKES_FIELDS else ()
        return {'fields': keys, **query} if keys else query

    def _batch(self, name: str, values: Sequence[str]) -> int:
        """Return how many of the values fit into a URL, at least one."""
        lengths = itertools.accumulate(_length(name, [i]) for i in values)
        fitting = itertools.takewhile(
            lambda length: length <= self._values_length, lengths
        )
        return max(1, len(list(fitting)))


class _Named(NamedTuple):
    name: str | None


_NAMED = reading.Record(_Named)


class _Link(NamedTuple):
    rel: str
    href: str


_LINK = reading.Record(_Link)


def _next_query(page: reading.Object, links: str) -> Parameters | None:
    """Read the query of the next page.

    Only the query of the link is used, as its host may be known to the service
    only.
    """
    found = page.items(links, _LINK.read)
    targets = [link.href for link in found if link.rel == 'next']
    # Keystone has an object in place of the list.
    target = next(iter(targets), page.part('links').text('next'))
    return parse.parse_qs(target.partition('?')[2]) if target else None


def _length(name: str, values: Iterable[str]) -> int:
    return sum(
        len(parse.urlencode({name: value}, errors='replace')) + 1
        for value in values
    )
