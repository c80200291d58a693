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

from collections.abc import Callable, Iterable, Mapping
import copy
import dataclasses
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


@dataclasses.dataclass(slots=True)
class Object:
    """A JSON object. Each method reads the value of a key.

    All raise errors.Malformed if the value is of another type. A key that is
    missing, null or an empty text has no value, and is read as None, or as
    nothing if it is to be a list.

    :ivar values: The object as the API gave it, unread.
    :ivar place: Its place in the body of the response.
    :ivar response: The response, whose failures have a line for each item that
        was broken.
    """

    values: Mapping[str, Any]
    place: str
    response: responses.Response

    def value(self, key: str, kind: type[_Value]) -> _Value | None:
        """Read a value of one of the types of JSON."""
        value = self.values.get(key)
        # True is an int, too.
        if value is None or type(value) is kind:
            return value
        raise self._wrong(key, value)

    def text(self, key: str) -> str | None:
        """Read a text."""
        return self.value(key, str) or None

    def parsed(
        self, key: str, parse: Callable[[str], _Value]
    ) -> _Value | None:
        """Read a text that is written in a certain way.

        :param parse: Raises ValueError if it is not.
        """
        text = self.text(key)
        return None if text is None else self._parse(key, text, parse)

    def all_parsed(
        self, key: str, parse: Callable[[str], _Value]
    ) -> tuple[_Value, ...]:
        """Read a list of texts, like :meth:`parsed`."""
        return tuple(
            self._parse(key, text, parse)
            for text in self.value(key, list) or ()
        )

    def uuid(self, key: str) -> str | None:
        """Read a UUID, in lower case."""
        return self.parsed(key, _uuid)

    def required_uuid(self, key: str = 'id') -> str:
        """Read a UUID, which must be there."""
        return self.required(key, self.uuid(key))

    def number_or_text(self, *keys: str) -> str | None:
        """Read a value that is a number in some releases, a text in others.

        :param keys: The first one that has a value is read.
        """
        for key in keys:
            value = self.values.get(key)
            text = str(value) if type(value) is int else self.text(key)
            if text:
                return text
        return None

    def moment(self, key: str) -> datetime.datetime | None:
        """Read a time (ISO 8601), which is in UTC unless it has an offset."""
        return self.parsed(key, _moment)

    def age(self, *keys: str) -> float | None:
        """Return how many seconds ago something was, by the service's clock.

        :param keys: The first one that has a time is read.
        """
        for key in keys:
            if moment := self.moment(key):
                return (self.response.sent_at - moment).total_seconds()
        return None

    def required(self, key: str, value: _Value | None) -> _Value:
        """Return the value that was read for a key, which must have one."""
        if value is None:
            raise self._wrong(key, self.values.get(key))
        return value

    def require(self, key: str) -> None:
        """Check that a key is there; its value may be null."""
        if key not in self.values:
            raise self._wrong(key, None)

    def nested(self, key: str) -> 'Object':
        """Read an object, which must be there."""
        return self._object(key, self.required(key, self.value(key, dict)))

    def part(self, key: str) -> 'Object':
        """Read an object; an empty one if the key has none."""
        return self._object(key, self.value(key, dict) or {})

    def intact(self, key: str, read: Callable[['Object'], _Item]) -> _Item:
        """Read an object in which no item may be broken."""
        found = read(self.nested(key))
        if self.response.failures:
            raise errors.Malformed(self.response.failures[0])
        return found

    def with_value(self, key: str, value: object) -> 'Object':
        """Return the same object with another value of a key."""
        return dataclasses.replace(self, values={**self.values, key: value})

    def items(
        self, key: str, read: Callable[['Object'], _Item]
    ) -> list[_Item]:
        """Read a list of objects, one by one.

        A broken item is left out, and added to the failures of the response.

        :param key: The key of the list, which may be missing.
        :param read: Reads one object.
        """
        found = []
        for index, value in enumerate(self.value(key, list) or ()):
            name = f'{key}[{index}]'
            try:
                if type(value) is not dict:
                    raise self._wrong(name, value)
                found.append(read(self._object(name, value)))
            except errors.Malformed as error:
                self.response.failures.append(str(error))
        return found

    def answer(
        self, key: str, read: Callable[['Object'], _Item]
    ) -> records.Answer[_Item]:
        """Read a list of objects, which must be there.

        :returns: The objects, with a line for each that is broken.
        """
        self.required(key, self.value(key, list))
        return records.Answer(self.items(key, read), self.response.failures)

    def _object(self, key: str, values: Mapping[str, Any]) -> 'Object':
        return Object(values, self._at(key), self.response)

    def _parse(
        self, key: str, text: Any, parse: Callable[[str], _Value]
    ) -> _Value:
        try:
            if isinstance(text, str):
                return parse(text)
        except ValueError:
            pass
        raise self._wrong(key, text)

    def _at(self, key: str) -> str:
        return f'{self.place}.{key}' if self.place else key

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
        identifier = self.values.get('id')
        if isinstance(identifier, str) and key != 'id':
            problem += f' (ID {printable.one_line(identifier, 40)})'
        return faults.malformed(self.response, problem)


def root(response: responses.Response) -> Object:
    """Return the body of a response as an object.

    :raises errors.Malformed: It is not a JSON object.
    """
    try:
        value = response.json()
    except ValueError as error:
        raise faults.malformed(response) from error
    if not isinstance(value, dict):
        raise faults.malformed(response)
    return Object(value, '', response)


def _uuid(text: str) -> str:
    if not addresses.is_uuid(text):
        raise ValueError
    return text.lower()


def _ip_address(text: str) -> str:
    """Return an IP address as Python writes it."""
    return str(addresses.ip_address(text))


def _cidr(text: str) -> str:
    """Return an IP address or a CIDR as it is written."""
    _network(text)
    return text


# Host bits are ignored.
_network = addresses.parse_ip_network


def _moment(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or datetime.UTC)


def fixed_ips(owner: Object, key: str) -> tuple[records.FixedIP, ...]:
    """Read fixed IPs, which Nova and Neutron write in the same way.

    :returns: The fixed IPs, ordered as by :func:`ordered_ips`.
    """
    return ordered_ips(owner.items(key, _FIXED_IP.read))


def ordered_ips(
    found: Iterable[records.FixedIP],
) -> tuple[records.FixedIP, ...]:
    """Order fixed IPs: IPv4 before IPv6, then by address.

    The order in the APIs may change from one request to the next.
    """
    return tuple(
        sorted(found, key=lambda row: addresses.ip_order(row.ip_address))
    )


# How a field of a record is read, by its type. It may also be that or None.
_READERS: Mapping[Any, Callable[[Object, str], Any]] = {
    str: Object.text,
    records.UUIDText: Object.uuid,
    records.IPText: lambda row, key: row.parsed(key, _ip_address),
    records.MACText: lambda row, key: row.parsed(key, addresses.mac_address),
    records.CIDRText: lambda row, key: row.parsed(key, _cidr),
    addresses.IPNetwork: lambda row, key: row.parsed(key, _network),
    int: lambda row, key: row.value(key, int),
    bool: lambda row, key: row.value(key, bool),
    datetime.datetime: Object.moment,
    tuple[str, ...]: lambda row, key: row.all_parsed(key, str),
    tuple[records.IPText, ...]: lambda row, key: row.all_parsed(
        key, _ip_address
    ),
    tuple[addresses.IPNetwork, ...]: lambda row, key: row.all_parsed(
        key, _network
    ),
    tuple[records.FixedIP, ...]: fixed_ips,
}

_OPTIONAL_READERS = {kind | None: read for kind, read in _READERS.items()}


class Field(NamedTuple):
    """A field of a record.

    :ivar read: Reads it from an object and the keys.
    :ivar keys: The keys to ask for.
    """

    read: Callable[..., Any]
    keys: tuple[str, ...]


def field(read: Callable[..., Any], *keys: str) -> Field:
    """Declare a field that is not read as its type says.

    :param read: A method of :class:`Object`, or a function that takes an
        object and the keys.
    :param keys: The keys, or one as ``outer.inner``, which is that of an
        object in the object.
    """
    if len(keys) != 1 or '.' not in keys[0]:
        return Field(read, keys)
    outer, inner = keys[0].split('.')
    return Field(lambda row, name: read(row.part(name), inner), (outer,))


def items(key: str, record: 'Record[Any]') -> Field:
    """Declare a field that has a tuple of records.

    :param key: The key of the list, which may be missing or null.
    :param record: What the list has.
    """
    return field(lambda row, name: tuple(row.items(name, record.read)), key)


def _by_type(kind: Any, key: str) -> Field:
    """Declare a field that is read as its type says."""
    if kind in _OPTIONAL_READERS:
        return field(_OPTIONAL_READERS[kind], key)
    read = _READERS[kind]
    return field(lambda row, name: row.required(name, read(row, name)), key)


class Record(Generic[_Row]):
    """A kind of record, and how each of its fields is read.

    A field and its key in the API stand once: which keys to ask for follows
    from them.

    :ivar given: The keys that are always there, and the extensions of the
        service that give them; no text if it always does.
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
        self.given: Mapping[str, str] = {}

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys to ask for, without duplicates."""
        return tuple(
            dict.fromkeys(
                key for field in self._fields.values() for key in field.keys
            )
        )

    def key(self, name: str) -> str:
        """Return the key of a field."""
        return self._fields[name].keys[0]

    def only(self, *names: str) -> 'Record[_Row]':
        """Return the same kind of record, with these fields only."""
        record = copy.copy(self)
        record._fields = {name: self._fields[name] for name in names}
        record.given = {
            key: self.given[key] for key in record.keys if key in self.given
        }
        return record

    def always(self, *names: str, **extensions: str) -> 'Record[_Row]':
        """Return the same kind of record, with fields that are always given.

        An object without the key of one is broken: what is not shown is not
        empty.

        :param names: The fields.
        :param extensions: The extension of the service that gives a field.
        """
        record = copy.copy(self)
        fields = {**dict.fromkeys(names, ''), **extensions}
        record.given = {self.key(name): fields[name] for name in fields}
        return record

    def read(self, row: Object) -> _Row:
        """Read a record.

        :raises errors.Malformed: A value is not what the API describes.
        """
        found = self._kind(
            **{
                name: read(row, *keys)
                for name, (read, keys) in self._fields.items()
            }
        )
        for key in self.given:
            row.require(key)
        return found


_FIXED_IP = Record(records.FixedIP)
