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

"""The kinds of findings, and what holds for each."""

from collections.abc import Iterable
import enum
import functools

from osc_port_iface.i18n import _


class Severity(enum.StrEnum):
    """How bad a finding is. Scripts rely on the values."""

    CRITICAL = 'critical'
    WARNING = 'warning'
    INFO = 'info'

    @property
    def rank(self) -> int:
        """The position from the worst, which is 0."""
        return list(Severity).index(self)


class Trait(enum.Flag):
    """What holds for several kinds of findings.

    :cvar CACHE: Nova's cache is wrong.
    :cvar BINDING: It needs the bindings of ports, which Neutron shows to
        administrators only.
    :cvar TRUNK: It is about the trunk of a port.
    :cvar WIRING: A nova-compute or a network agent that is down may cause it.
    :cvar NOTIFICATION: A notification from Neutron to Nova that was lost may
        cause it.
    :cvar TRANSIENT: A normal operation causes it for a moment, even without
        an action of Nova, so it must be seen twice in a row.
    :cvar NO_SERVER: It is about a port without a server.
    :cvar ON_REQUEST: It may be intended, so it is looked for on request only.
    """

    NONE = 0
    CACHE = enum.auto()
    BINDING = enum.auto()
    TRUNK = enum.auto()
    WIRING = enum.auto()
    NOTIFICATION = enum.auto()
    TRANSIENT = enum.auto()
    NO_SERVER = enum.auto()
    ON_REQUEST = enum.auto()


def _kind(
    severity: Severity, value: str, summary: str, traits: Trait = Trait.NONE
) -> tuple[str, Severity, str, Trait]:
    return value, severity, summary, traits


_critical = functools.partial(_kind, Severity.CRITICAL)
_warning = functools.partial(_kind, Severity.WARNING)
_info = functools.partial(_kind, Severity.INFO)


class Code(enum.StrEnum):
    """A kind of finding. Scripts rely on the values.

    :ivar severity: How bad it is.
    :ivar summary: What it is, in a few words.
    :ivar traits: What it shares with others.
    """

    _value_: str
    severity: Severity
    summary: str
    traits: Trait

    def __new__(
        cls, value: str, severity: Severity, summary: str, traits: Trait
    ) -> 'Code':
        code = str.__new__(cls, value)
        code._value_ = value
        code.severity, code.summary, code.traits = severity, summary, traits
        return code

    # Traffic or an interface is lost, or will be at the next reboot.
    MISSING_FROM_CACHE = _critical(
        'missing-from-cache',
        _("plugged in, but not in Nova's cache"),
        Trait.CACHE,
    )
    MAC_DIFFERS = _critical(
        'mac-differs',
        _("another MAC address in Nova's cache"),
        Trait.CACHE | Trait.NOTIFICATION | Trait.TRANSIENT,
    )
    BINDING_FAILED = _critical(
        'binding-failed',
        _('Neutron could not bind the port'),
        Trait.BINDING | Trait.WIRING,
    )
    UNBOUND = _critical(
        'unbound',
        _('the port is bound to no host'),
        Trait.BINDING | Trait.WIRING,
    )
    HOST_DIFFERS = _critical(
        'host-differs',
        _("the port is bound to a host that is not the server's"),
        Trait.BINDING | Trait.WIRING,
    )
    PORT_DOWN = _critical(
        'port-down',
        _('the port of an active server is not active'),
        Trait.WIRING | Trait.TRANSIENT,
    )
    TRUNK_DEGRADED = _critical(
        'trunk-degraded',
        _('the trunk of an active server is not active'),
        Trait.TRUNK | Trait.WIRING | Trait.TRANSIENT,
    )
    SUBPORT_DOWN = _critical(
        'subport-down',
        _('a subport of an active server is not active'),
        Trait.TRUNK | Trait.WIRING | Trait.TRANSIENT,
    )
    SUBPORT_HOST_DIFFERS = _critical(
        'subport-host-differs',
        _('a subport is bound to a host that is not its parent\'s'),
        Trait.BINDING | Trait.TRUNK | Trait.WIRING | Trait.TRANSIENT,
    )
    NO_FIXED_IP = _critical(
        'no-fixed-ip', _('the port has lost its fixed IPs')
    )
    DUPLICATE_MAC = _critical(
        'duplicate-mac', _('two ports of a network share a MAC address')
    )
    # Something wrong is shown, or the next operation fails.
    ONLY_IN_CACHE = _warning(
        'only-in-cache', _("in Nova's cache, but not plugged in"), Trait.CACHE
    )
    DUPLICATE_IN_CACHE = _warning(
        'duplicate-in-cache', _("twice in Nova's cache"), Trait.CACHE
    )
    ADDRESS_DIFFERS = _warning(
        'address-differs',
        _("other fixed IPs in Nova's cache"),
        Trait.CACHE | Trait.NOTIFICATION | Trait.TRANSIENT,
    )
    FLOATING_IP_DIFFERS = _warning(
        'floating-ip-differs',
        _("other floating IPs in Nova's cache, or one that leads nowhere"),
        Trait.CACHE | Trait.NOTIFICATION | Trait.TRANSIENT,
    )
    STALE_BINDING = _warning(
        'stale-binding',
        _('a second binding that a migration has left'),
        Trait.BINDING | Trait.TRANSIENT,
    )
    NOT_ATTACHED = _warning(
        'not-attached', _('only the device ID connects port and server')
    )
    ADDRESS_CLAIMED = _warning(
        'address-claimed',
        _('an address pair covers an address of another server'),
        Trait.ON_REQUEST,
    )
    # Left over from something that is gone.
    HALF_RELEASED = _info(
        'half-released',
        _('the port belongs to a server without an ID'),
        Trait.NO_SERVER,
    )
    ORPHAN_PORT = _info(
        'orphan-port', _('the server of the port is gone'), Trait.NO_SERVER
    )
    UNUSED_PORT = _info(
        'unused-port',
        _('nothing uses the port'),
        Trait.NO_SERVER | Trait.ON_REQUEST,
    )


Codes = frozenset[Code]


def _with(trait: Trait) -> Codes:
    return frozenset(code for code in Code if code.traits & trait)


OF_CACHE = _with(Trait.CACHE)
OF_BINDING = _with(Trait.BINDING)
OF_TRUNK = _with(Trait.TRUNK)
OF_WIRING = _with(Trait.WIRING)
OF_NOTIFICATION = _with(Trait.NOTIFICATION)
TRANSIENT = _with(Trait.TRANSIENT)
WITHOUT_SERVER = _with(Trait.NO_SERVER)
ON_REQUEST = _with(Trait.ON_REQUEST)
USUAL = frozenset(Code) - ON_REQUEST


def joined(found: Iterable[Code]) -> str:
    """Name codes in one line."""
    return ', '.join(sorted(found))
