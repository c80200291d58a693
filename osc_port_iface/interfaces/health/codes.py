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


def _critical(value: str, summary: str) -> tuple[str, str, Severity]:
    return value, summary, Severity.CRITICAL


def _warning(value: str, summary: str) -> tuple[str, str, Severity]:
    return value, summary, Severity.WARNING


def _info(value: str, summary: str) -> tuple[str, str, Severity]:
    return value, summary, Severity.INFO


class Code(enum.StrEnum):
    """A kind of finding. Scripts rely on the values.

    :ivar summary: What it is, in a few words.
    :ivar severity: How bad it is.
    """

    summary: str
    severity: Severity

    def __new__(cls, value: str, summary: str, severity: Severity) -> 'Code':
        code = str.__new__(cls, value)
        code._value_ = value
        code.summary, code.severity = summary, severity
        return code

    # Traffic or an interface is lost, or will be at the next reboot.
    MISSING_FROM_CACHE = _critical(
        'missing-from-cache', _("plugged in, but not in Nova's cache")
    )
    MAC_DIFFERS = _critical(
        'mac-differs', _("another MAC address in Nova's cache")
    )
    BINDING_FAILED = _critical(
        'binding-failed', _('Neutron could not bind the port')
    )
    UNBOUND = _critical('unbound', _('the port is bound to no host'))
    HOST_DIFFERS = _critical(
        'host-differs',
        _("the port is bound to a host that is not the server's"),
    )
    PORT_DOWN = _critical(
        'port-down', _('the port of an active server is not active')
    )
    TRUNK_DEGRADED = _critical(
        'trunk-degraded', _('the trunk of an active server is not active')
    )
    SUBPORT_DOWN = _critical(
        'subport-down', _('a subport of an active server is not active')
    )
    SUBPORT_HOST_DIFFERS = _critical(
        'subport-host-differs',
        _("a subport is bound to a host that is not its parent's"),
    )
    NO_FIXED_IP = _critical(
        'no-fixed-ip', _('the port has lost its fixed IPs')
    )
    DUPLICATE_MAC = _critical(
        'duplicate-mac', _('two ports of a network share a MAC address')
    )
    # Something wrong is shown, or the next operation fails.
    ONLY_IN_CACHE = _warning(
        'only-in-cache', _("in Nova's cache, but not plugged in")
    )
    DUPLICATE_IN_CACHE = _warning(
        'duplicate-in-cache', _("twice in Nova's cache")
    )
    ADDRESS_DIFFERS = _warning(
        'address-differs', _("other fixed IPs in Nova's cache")
    )
    FLOATING_IP_DIFFERS = _warning(
        'floating-ip-differs',
        _("other floating IPs in Nova's cache, or one that leads nowhere"),
    )
    STALE_BINDING = _warning(
        'stale-binding', _('a second binding that a migration has left')
    )
    NOT_ATTACHED = _warning(
        'not-attached', _('only the device ID connects port and server')
    )
    ADDRESS_CLAIMED = _warning(
        'address-claimed',
        _('an address pair covers an address of another server'),
    )
    # Left over from something that is gone.
    HALF_RELEASED = _info(
        'half-released', _('the port belongs to a server without an ID')
    )
    ORPHAN_PORT = _info('orphan-port', _('the server of the port is gone'))
    UNUSED_PORT = _info('unused-port', _('nothing uses the port'))


Codes = frozenset[Code]


# A lost notification from Neutron to Nova may cause them.
OF_NOTIFICATION = frozenset(
    {Code.MAC_DIFFERS, Code.ADDRESS_DIFFERS, Code.FLOATING_IP_DIFFERS}
)

# Nova repairs them by reading all interfaces in the cache again.
OF_WHOLE_CACHE = frozenset({Code.ONLY_IN_CACHE, Code.DUPLICATE_IN_CACHE})

# Nova's cache is wrong.
OF_CACHE = OF_NOTIFICATION | OF_WHOLE_CACHE | {Code.MISSING_FROM_CACHE}

# Binding the port to the host of the server repairs them.
OF_HOST = frozenset({Code.BINDING_FAILED, Code.UNBOUND, Code.HOST_DIFFERS})

# They need the bindings of ports, which Neutron shows to administrators only.
OF_BINDING = OF_HOST | {Code.SUBPORT_HOST_DIFFERS, Code.STALE_BINDING}

# They are about the trunk of a port.
OF_TRUNK = frozenset(
    {Code.TRUNK_DEGRADED, Code.SUBPORT_DOWN, Code.SUBPORT_HOST_DIFFERS}
)

# A nova-compute or a network agent that is down may cause them.
OF_WIRING = OF_HOST | OF_TRUNK | {Code.PORT_DOWN}

# A normal operation causes them for a moment, even without an action of Nova,
# so they must be seen twice in a row.
TRANSIENT = OF_NOTIFICATION | OF_TRUNK | {Code.PORT_DOWN, Code.STALE_BINDING}

# They are about ports without a server.
WITHOUT_SERVER = frozenset(
    {Code.HALF_RELEASED, Code.ORPHAN_PORT, Code.UNUSED_PORT}
)

# They may be intended, so they are looked for on request only.
ON_REQUEST = frozenset({Code.ADDRESS_CLAIMED, Code.UNUSED_PORT})

USUAL = frozenset(Code) - ON_REQUEST


def join_codes(found: Iterable[Code]) -> str:
    """Name codes in one line."""
    return ', '.join(sorted(found))
