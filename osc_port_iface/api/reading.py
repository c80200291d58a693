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
import dataclasses
import datetime
import functools
import ipaddress
from typing import Any, Generic, TypeVar

from osc_port_iface import addresses
from osc_port_iface.api import errors
from osc_port_iface.api import faults
from osc_port_iface.api import response as responses
from osc_port_iface.i18n import _
from osc_port_iface import printable

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

    All raise errors.Malformed if the value is of another type. The methods
    whose names begin with ``optional`` return None if the key is missing, null
    or an empty text; the others raise.
    """

    def __init__(
        self, values: Mapping[str, Any], place: str, body: Body
    ) -> None:
        """Read an object at a place in a body."""
        self._values = values
        self._place = place
        self.body = body

    def text(self, key: str) -> str:
        """Read a text that is not empty."""
        return self._required(key, self.optional_text(key))

    def optional_text(self, *keys: str) -> str | None:
        """Read a text, from the first of these keys that has one."""
        for key in keys:
            value = self._values.get(key)
            if value is None or value == '':
                continue
            if not isinstance(value, str):
                raise self._wrong(key, value)
            return value
        return None

    def uuid(self, key: str) -> str:
        """Read a UUID, in lower case."""
        text = self.text(key)
        if not addresses.is_uuid(text):
            raise self._wrong(key, text)
        return text.lower()

    def optional_uuid(self, key: str) -> str | None:
        """Read a UUID, in lower case."""
        return self.uuid(key) if self.optional_text(key) else None

    def ip_address(self, key: str) -> str:
        """Read an IP address, and return it as Python writes it."""
        text = self.text(key)
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            raise self._wrong(key, text) from None

    def mac_address(self, key: str) -> str | None:
        """Read a MAC address as Neutron writes it.

        Nova's cache may write the same address differently. A text that is no
        MAC address stays as it is.
        """
        text = self.optional_text(key)
        try:
            return text and addresses.parse_mac_address(text)
        except ValueError:
            return text

    def cidr(self, key: str) -> str:
        """Read an IP address or a CIDR."""
        text = self.text(key)
        try:
            addresses.parse_ip_network(text)
        except ValueError:
            raise self._wrong(key, text) from None
        return text

    def optional_cidr(self, key: str) -> str | None:
        """Read an IP address or a CIDR."""
        return self.cidr(key) if self.optional_text(key) else None

    def network(self, key: str) -> addresses.IPNetwork:
        """Read an IP address or a CIDR as a network, ignoring host bits."""
        return addresses.parse_ip_network(self.cidr(key))

    def optional_network(self, key: str) -> addresses.IPNetwork | None:
        """Read an IP address or a CIDR as a network, ignoring host bits."""
        return self.network(key) if self.optional_text(key) else None

    def networks(self, key: str) -> tuple[addresses.IPNetwork, ...]:
        """Read a list of IP addresses or CIDRs, which may be missing."""
        found = []
        for text in self.texts(key):
            try:
                found.append(addresses.parse_ip_network(text))
            except ValueError:
                raise self._wrong(key, text) from None
        return tuple(found)

    def optional_number(self, key: str) -> int | None:
        """Read a whole number."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(key, value)
        return value

    def optional_number_or_text(self, *keys: str) -> str | None:
        """Read a value that is a number in some releases, a text in others."""
        for key in keys:
            value = self._values.get(key)
            if isinstance(value, int) and not isinstance(value, bool):
                return str(value)
            if text := self.optional_text(key):
                return text
        return None

    def optional_flag(self, key: str) -> bool | None:
        """Read true or false."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(key, value)
        return value

    def optional_moment(self, key: str) -> datetime.datetime | None:
        """Read a time (ISO 8601), which is in UTC unless it has an offset."""
        text = self.optional_text(key)
        if text is None:
            return None
        try:
            moment = datetime.datetime.fromisoformat(text)
        except ValueError:
            raise self._wrong(key, text) from None
        if moment.tzinfo is None:
            return moment.replace(tzinfo=datetime.UTC)
        return moment

    def optional_age(self, *keys: str) -> float | None:
        """Return how many seconds ago something was, by the service's clock.

        The time is read from the first of these keys that has one.
        """
        moments = (self.optional_moment(key) for key in keys)
        moment = next(filter(None, moments), None)
        if moment is None:
            return None
        return (self.body.response.sent_at - moment).total_seconds()

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of texts; empty if the key is missing or null."""
        values = self._list(key) if self._values.get(key) is not None else []
        for value in values:
            if not isinstance(value, str):
                raise self._wrong(key, value)
        return tuple(values)

    def nested(self, key: str) -> 'Object':
        """Read an object."""
        value = self._values.get(key)
        if not isinstance(value, dict):
            raise self._wrong(key, value)
        return Object(value, self._at(key), self.body)

    def optional_nested(self, key: str) -> 'Object | None':
        """Read an object."""
        return None if self._values.get(key) is None else self.nested(key)

    def intact(self, key: str, read: Callable[['Object'], _Item]) -> _Item:
        """Read an object in which no item may be broken."""
        found = read(self.nested(key))
        if self.body.failures:
            raise errors.Malformed(self.body.failures[0])
        return found

    def as_given(self) -> Mapping[str, Any]:
        """Return the object as the API gave it, unread."""
        return self._values

    def names(self) -> tuple[str, ...]:
        """Return the keys, in order."""
        return tuple(self._values)

    def items(
        self, key: str, read: Callable[['Object'], _Item]
    ) -> list[_Item]:
        """Read a list of objects, one by one.

        A broken item is left out, and added to the failures of the body.

        :param key: The key of the list.
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
        """Read a list of objects; empty if the key is missing or null."""
        if self._values.get(key) is None:
            return []
        return self.items(key, read)

    def _list(self, key: str) -> list[Any]:
        value = self._values.get(key)
        if not isinstance(value, list):
            raise self._wrong(key, value)
        return value

    def _required(self, key: str, value: _Value | None) -> _Value:
        if value is None:
            raise self._wrong(key, self._values.get(key))
        return value

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


@dataclasses.dataclass(frozen=True)
class Field:
    """A field of a record, and the keys of the API that it is read from.

    :ivar read: Reads the keys of an object, strictly.
    :ivar keys: The keys.
    """

    read: Callable[..., Any]
    keys: tuple[str, ...]


def field(read: Callable[..., Any], *keys: str) -> Field:
    """Declare a field.

    :param read: A method of :class:`Object`, or a function that takes an
        object and the keys.
    :param keys: The keys, in order of preference if there are several.
    """
    return Field(read, keys)


# Declare a field that a method of Object of the same name reads.
text = functools.partial(field, Object.text)
optional_text = functools.partial(field, Object.optional_text)
uuid = functools.partial(field, Object.uuid)
optional_uuid = functools.partial(field, Object.optional_uuid)
ip_address = functools.partial(field, Object.ip_address)
mac_address = functools.partial(field, Object.mac_address)
cidr = functools.partial(field, Object.cidr)
optional_cidr = functools.partial(field, Object.optional_cidr)
network = functools.partial(field, Object.network)
optional_network = functools.partial(field, Object.optional_network)
networks = functools.partial(field, Object.networks)
optional_number = functools.partial(field, Object.optional_number)
optional_number_or_text = functools.partial(
    field, Object.optional_number_or_text
)
optional_flag = functools.partial(field, Object.optional_flag)
optional_moment = functools.partial(field, Object.optional_moment)
optional_age = functools.partial(field, Object.optional_age)
texts = functools.partial(field, Object.texts)


def items(key: str, read: Callable[[Object], Any]) -> Field:
    """Declare a field that has a tuple of records.

    :param key: The key of the list, which may be missing or null.
    :param read: Reads one object of the list.
    """
    return Field(
        lambda row, name: tuple(row.optional_items(name, read)), (key,)
    )


class Record(Generic[_Row]):
    """A kind of record, and how each of its fields is read.

    A field and its key in the API stand here and nowhere else: which keys to
    ask for follows from them.
    """

    def __init__(self, kind: Callable[..., _Row], /, **fields: Field) -> None:
        """Declare a record.

        :param kind: The class of the record.
        :param fields: The fields that are read, by their names in the class.
        """
        self._kind = kind
        self._fields = fields

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
        return Record(
            self._kind, **{name: self._fields[name] for name in names}
        )

    def read(self, row: Object) -> _Row:
        """Read a record.

        :raises errors.Malformed: A value is not what the API describes.
        """
        return self._kind(
            **{
                name: field.read(row, *field.keys)
                for name, field in self._fields.items()
            }
        )
