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

"""Reads JSON strictly: anything that the API does not describe is an error.

An error names the place of a value of the wrong type. In a list, only the
broken items are left out.
"""

from collections.abc import Callable, Mapping
import copy
import datetime
import typing
from typing import Any, Generic, NamedTuple, TypeVar

from osc_port_iface import addresses
from osc_port_iface.api import errors
from osc_port_iface.api import faults
from osc_port_iface.api import response as responses
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records

_Item = TypeVar('_Item')
_Row = TypeVar('_Row')
_Value = TypeVar('_Value')


class Body:
    """The body of an answer, and the failures found while reading it."""

    def __init__(self, what: str, response: responses.Response) -> None:
        """Read a response.

        :param what: What was requested, as the beginning of error messages.
        :param response: The response, with a status below 400.
        """
        self.what = what
        self.response = response
        self.failures: list[str] = []

    def root(self) -> 'Object':
        """Return the body as an object.

        :raises errors.Malformed: It is not a JSON object.
        """
        try:
            value = self.response.json()
        except ValueError as error:
            raise faults.malformed(self.response, self.what) from error
        if not isinstance(value, dict):
            raise faults.malformed(self.response, self.what)
        return Object(value, '', self)


class Object:
    """A JSON object. Each method reads the value of a key.

    All raise errors.Malformed if the value is of another type. A key that is
    missing, null or an empty text has no value, and is read as None, or as
    nothing if it is to be a list.
    """

    def __init__(
        self, values: Mapping[str, Any], place: str, body: Body
    ) -> None:
        """Read an object at a place in a body."""
        self._values = values
        self._place = place
        self.body = body

    def text(self, key: str) -> str | None:
        """Read a text."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, str):
            raise self._wrong(key, value)
        return value or None

    def uuid(self, key: str) -> str | None:
        """Read a UUID, in lower case."""
        text = self.text(key)
        if text and not addresses.is_uuid(text):
            raise self._wrong(key, text)
        return text and text.lower()

    def ip_address(self, key: str) -> str | None:
        """Read an IP address, and return it as Python writes it."""
        address = self._parsed(key, addresses.ip_address)
        return None if address is None else str(address)

    def mac_address(self, key: str) -> str | None:
        """Read a MAC address as Neutron writes it.

        Nova's cache may write the same address differently. A text that is no
        MAC address stays as it is.
        """
        text = self.text(key)
        try:
            return text and addresses.parse_mac_address(text)
        except ValueError:
            return text

    def cidr(self, key: str) -> str | None:
        """Read an IP address or a CIDR, and return it as it is written."""
        return self.text(key) if self.network(key) else None

    def network(self, key: str) -> addresses.IPNetwork | None:
        """Read an IP address or a CIDR as a network, ignoring host bits."""
        return self._parsed(key, addresses.parse_ip_network)

    def networks(self, key: str) -> tuple[addresses.IPNetwork, ...]:
        """Read a list of IP addresses or CIDRs."""
        return tuple(
            self._parse(key, text, addresses.parse_ip_network)
            for text in self.texts(key)
        )

    def number(self, key: str) -> int | None:
        """Read a whole number."""
        value = self._values.get(key)
        if value is None or type(value) is int:
            return value
        raise self._wrong(key, value)

    def number_or_text(self, *keys: str) -> str | None:
        """Read a value that is a number in some releases, a text in others.

        :param keys: The first one that has a value is read.
        """
        for key in keys:
            value = self._values.get(key)
            text = str(value) if type(value) is int else self.text(key)
            if text:
                return text
        return None

    def flag(self, key: str) -> bool | None:
        """Read true or false."""
        value = self._values.get(key)
        if value is None or isinstance(value, bool):
            return value
        raise self._wrong(key, value)

    def moment(self, key: str) -> datetime.datetime | None:
        """Read a time (ISO 8601), which is in UTC unless it has an offset."""
        moment = self._parsed(key, datetime.datetime.fromisoformat)
        if moment and moment.tzinfo is None:
            return moment.replace(tzinfo=datetime.UTC)
        return moment

    def age(self, *keys: str) -> float | None:
        """Return how many seconds ago something was, by the service's clock.

        :param keys: The first one that has a time is read.
        """
        for key in keys:
            if moment := self.moment(key):
                return (self.body.response.sent_at - moment).total_seconds()
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of texts."""
        values = self._list(key) if self._values.get(key) is not None else []
        for value in values:
            if not isinstance(value, str):
                raise self._wrong(key, value)
        return tuple(values)

    def required(self, key: str, value: _Value | None) -> _Value:
        """Return the value that was read for a key, which must have one."""
        if value is None:
            raise self._wrong(key, self._values.get(key))
        return value

    def nested(self, key: str) -> 'Object':
        """Read an object, which must be there."""
        value = self._values.get(key)
        if not isinstance(value, dict):
            raise self._wrong(key, value)
        return Object(value, self._at(key), self.body)

    def part(self, key: str) -> 'Object':
        """Read an object; an empty one if the key has none."""
        if self._values.get(key) is None:
            return Object({}, self._at(key), self.body)
        return self.nested(key)

    def intact(self, key: str, read: Callable[['Object'], _Item]) -> _Item:
        """Read an object in which no item may be broken."""
        found = read(self.nested(key))
        if self.body.failures:
            raise errors.Malformed(self.body.failures[0])
        return found

    def with_value(self, key: str, value: object) -> 'Object':
        """Return the same object with another value of a key."""
        return Object({**self._values, key: value}, self._place, self.body)

    def as_given(self) -> Mapping[str, Any]:
        """Return the object as the API gave it, unread."""
        return self._values

    def items(
        self, key: str, read: Callable[['Object'], _Item]
    ) -> list[_Item]:
        """Read a list of objects, one by one.

        A broken item is left out, and added to the failures of the body.

        :param key: The key of the list, which must be there.
        :param read: Reads one object.
        """
        found = []
        for index, value in enumerate(self._list(key)):
            place = f'{self._at(key)}[{index}]'
            try:
                if not isinstance(value, dict):
                    raise self._wrong(f'{key}[{index}]', value)
                found.append(read(Object(value, place, self.body)))
            except errors.Malformed as error:
                self.body.failures.append(str(error))
        return found

    def optional_items(
        self, key: str, read: Callable[['Object'], _Item]
    ) -> list[_Item]:
        """Read a list of objects, one by one, which may be missing."""
        if self._values.get(key) is None:
            return []
        return self.items(key, read)

    def answer(
        self, key: str, read: Callable[['Object'], _Item]
    ) -> records.Answer[_Item]:
        """Read a list of objects, with a line for each that is broken."""
        return records.Answer(self.items(key, read), self.body.failures)

    def _list(self, key: str) -> list[Any]:
        value = self._values.get(key)
        if not isinstance(value, list):
            raise self._wrong(key, value)
        return value

    def _parsed(
        self, key: str, parse: Callable[[str], _Value]
    ) -> _Value | None:
        text = self.text(key)
        return None if text is None else self._parse(key, text, parse)

    def _parse(
        self, key: str, text: str, parse: Callable[[str], _Value]
    ) -> _Value:
        try:
            return parse(text)
        except ValueError:
            raise self._wrong(key, text) from None

    def _at(self, key: str) -> str:
        return f'{self._place}.{key}' if self._place else key

    def _wrong(self, key: str, value: object) -> errors.Malformed:
        """Make the error for a value of the wrong type."""
        place = printable.one_line(self._at(key), 100)
        if value is None:
            problem = _('%s is missing') % place
        else:
            problem = _('%(place)s is %(value)s') % {
                'place': place,
                'value': printable.one_line(repr(value)[:1000], 80),
            }
        identifier = self._values.get('id')
        if isinstance(identifier, str) and key != 'id':
            problem += f' (ID {printable.one_line(identifier, 40)})'
        return faults.malformed(self.body.response, self.body.what, problem)


# How a field of a record is read, by its type. It may also be that or None.
_READERS: Mapping[Any, Callable[[Object, str], Any]] = {
    str: Object.text,
    records.UUID: Object.uuid,
    records.IPText: Object.ip_address,
    records.MACText: Object.mac_address,
    records.CIDRText: Object.cidr,
    addresses.IPNetwork: Object.network,
    int: Object.number,
    bool: Object.flag,
    datetime.datetime: Object.moment,
    tuple[str, ...]: Object.texts,
    tuple[addresses.IPNetwork, ...]: Object.networks,
}

_OPTIONAL_READERS = {kind | None: read for kind, read in _READERS.items()}


class Field(NamedTuple):
    """A field of a record.

    :ivar read: Reads it from an object and the keys.
    :ivar keys: The keys to ask for.
    :ivar is_required: Whether it must have a value.
    """

    read: Callable[..., Any]
    keys: tuple[str, ...]
    is_required: bool = False


def field(
    read: Callable[..., Any], *keys: str, is_required: bool = False
) -> Field:
    """Declare a field that is not read as its type says.

    :param read: A method of :class:`Object`, or a function that takes an
        object and the keys.
    :param keys: The keys, or one as ``outer.inner``, which is that of an
        object in the object.
    :param is_required: Whether it must have a value.
    """
    if len(keys) != 1 or '.' not in keys[0]:
        return Field(read, keys, is_required)
    outer, inner = keys[0].split('.')
    return Field(lambda row, name: read(row.part(name), inner), (outer,))


def items(key: str, record: 'Record[Any]') -> Field:
    """Declare a field that has a tuple of records.

    :param key: The key of the list, which may be missing or null.
    :param record: What the list has.
    """
    return field(
        lambda row, name: tuple(row.optional_items(name, record.read)), key
    )


def _by_type(kind: Any, key: str) -> Field:
    """Declare a field that is read as its type says."""
    if kind in _OPTIONAL_READERS:
        return field(_OPTIONAL_READERS[kind], key)
    return field(_READERS[kind], key, is_required=True)


class Record(Generic[_Row]):
    """A kind of record, and how each of its fields is read.

    A field and its key in the API stand once: which keys to ask for follows
    from them.
    """

    def __init__(
        self, kind: Callable[..., _Row], /, **others: str | Field | None
    ) -> None:
        """Declare a record.

        :param kind: The class of the record. A field is read from the key of
            its name, as its type says.
        :param others: The other fields: the key if it has another name, or
            None if the API does not have it.
        """
        self._kind = kind
        hints = typing.get_type_hints(kind, include_extras=True)
        self._fields = {
            name: key if isinstance(key, Field) else _by_type(hints[name], key)
            for name, key in {
                **{name: name for name in hints},
                **others,
            }.items()
            if key is not None
        }

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys to ask for, without duplicates."""
        return tuple(
            dict.fromkeys(
                key for field in self._fields.values() for key in field.keys
            )
        )

    def only(self, *names: str) -> 'Record[_Row]':
        """Return the same kind of record, with these fields only."""
        record = copy.copy(self)
        record._fields = {name: self._fields[name] for name in names}
        return record

    def read(self, row: Object) -> _Row:
        """Read a record.

        :raises errors.Malformed: A value is not what the API describes.
        """
        values = {}
        for name, (read, keys, is_required) in self._fields.items():
            value = read(row, *keys)
            if value is None and is_required:
                row.required(keys[0], value)
            values[name] = value
        return self._kind(**values)
