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

    :cvar CACHE: It needs Nova only: its live view and its cache.
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
        cls,
        value: str,
        severity: Severity,
        summary: str,
        traits: Trait = Trait.NONE,
    ) -> 'Code':
        code = str.__new__(cls, value)
        code._value_ = value
        code.severity, code.summary, code.traits = severity, summary, traits
        return code

    # Traffic or an interface is lost, or will be at the next reboot.
    MISSING_FROM_CACHE = (
        'missing-from-cache',
        Severity.CRITICAL,
        _("plugged in, but not in Nova's cache"),
        Trait.CACHE,
    )
    MAC_DIFFERS = (
        'mac-differs',
        Severity.CRITICAL,
        _("another MAC address in Nova's cache"),
        Trait.CACHE | Trait.NOTIFICATION | Trait.TRANSIENT,
    )
    BINDING_FAILED = (
        'binding-failed',
        Severity.CRITICAL,
        _('Neutron could not bind the port'),
        Trait.BINDING | Trait.WIRING,
    )
    UNBOUND = (
        'unbound',
        Severity.CRITICAL,
        _('the port is bound to no host'),
        Trait.BINDING | Trait.WIRING,
    )
    HOST_DIFFERS = (
        'host-differs',
        Severity.CRITICAL,
        _("the port is bound to a host that is not the server's"),
        Trait.BINDING | Trait.WIRING,
    )
    PORT_DOWN = (
        'port-down',
        Severity.CRITICAL,
        _('the port of an active server is not active'),
        Trait.WIRING | Trait.TRANSIENT,
    )
    TRUNK_DEGRADED = (
        'trunk-degraded',
        Severity.CRITICAL,
        _('the trunk of an active server is not active'),
        Trait.TRUNK | Trait.WIRING | Trait.TRANSIENT,
    )
    SUBPORT_DOWN = (
        'subport-down',
        Severity.CRITICAL,
        _('a subport of an active server is not active'),
        Trait.TRUNK | Trait.WIRING | Trait.TRANSIENT,
    )
    SUBPORT_HOST_DIFFERS = (
        'subport-host-differs',
        Severity.CRITICAL,
        _('a subport is bound to a host that is not its parent\'s'),
        Trait.BINDING | Trait.TRUNK | Trait.WIRING | Trait.TRANSIENT,
    )
    NO_FIXED_IP = (
        'no-fixed-ip',
        Severity.CRITICAL,
        _('the port has lost its fixed IPs'),
    )
    DUPLICATE_MAC = (
        'duplicate-mac',
        Severity.CRITICAL,
        _('two ports of a network share a MAC address'),
    )
    # Something wrong is shown, or the next operation fails.
    ONLY_IN_CACHE = (
        'only-in-cache',
        Severity.WARNING,
        _("in Nova's cache, but not plugged in"),
        Trait.CACHE,
    )
    DUPLICATE_IN_CACHE = (
        'duplicate-in-cache',
        Severity.WARNING,
        _("twice in Nova's cache"),
        Trait.CACHE,
    )
    ADDRESS_DIFFERS = (
        'address-differs',
        Severity.WARNING,
        _("other fixed IPs in Nova's cache"),
        Trait.CACHE | Trait.NOTIFICATION | Trait.TRANSIENT,
    )
    FLOATING_IP_DIFFERS = (
        'floating-ip-differs',
        Severity.WARNING,
        _("other floating IPs in Nova's cache, or one that leads nowhere"),
        Trait.NOTIFICATION | Trait.TRANSIENT,
    )
    STALE_BINDING = (
        'stale-binding',
        Severity.WARNING,
        _('a second binding that a migration has left'),
        Trait.BINDING | Trait.TRANSIENT,
    )
    NOT_ATTACHED = (
        'not-attached',
        Severity.WARNING,
        _('only the device ID connects port and server'),
    )
    ADDRESS_CLAIMED = (
        'address-claimed',
        Severity.WARNING,
        _('an address pair covers an address of another server'),
        Trait.ON_REQUEST,
    )
    # Left over from something that is gone.
    HALF_RELEASED = (
        'half-released',
        Severity.INFO,
        _('the port belongs to a server without an ID'),
        Trait.NO_SERVER,
    )
    ORPHAN_PORT = (
        'orphan-port',
        Severity.INFO,
        _('the server of the port is gone'),
        Trait.NO_SERVER,
    )
    UNUSED_PORT = (
        'unused-port',
        Severity.INFO,
        _('nothing uses the port'),
        Trait.NO_SERVER | Trait.ON_REQUEST,
    )


Codes = frozenset[Code]


def with_trait(trait: Trait) -> Codes:
    """Return the codes that have a trait."""
    return frozenset(code for code in Code if code.traits & trait)


OF_CACHE = with_trait(Trait.CACHE)
OF_BINDING = with_trait(Trait.BINDING)
OF_TRUNK = with_trait(Trait.TRUNK)
OF_WIRING = with_trait(Trait.WIRING)
OF_NOTIFICATION = with_trait(Trait.NOTIFICATION)
TRANSIENT = with_trait(Trait.TRANSIENT)
WITHOUT_SERVER = with_trait(Trait.NO_SERVER)
ON_REQUEST = with_trait(Trait.ON_REQUEST)
USUAL = frozenset(Code) - ON_REQUEST


def joined(found: Iterable[Code]) -> str:
    """Name codes in one line."""
    return ', '.join(sorted(found))
