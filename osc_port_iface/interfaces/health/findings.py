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

"""What a check finds."""

from collections.abc import Iterable
import dataclasses
from typing import Any

from osc_port_iface import addresses
from osc_port_iface.interfaces.health import codes
from osc_port_iface import records

# What a finding is about.
Subject = tuple[str | None, str | None, str | None, codes.Code]


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    :ivar server_id: The server's ID; for an orphan, of the server that is
        gone.
    :ivar port_id: The port's ID; None if only Nova's cache has the interface.
    :ivar expected: The correct state, as shown to the user.
    :ivar actual: The actual state.
    :ivar stale_hosts: For ``stale-binding``, the hosts of the stale bindings.
    :ivar lacking_ip: For ``floating-ip-differs``, the address that a floating
        IP leads to and that the port does not have.
    :ivar server: The server, if it exists.
    :ivar port: The port, if it exists and Neutron shows it.
    :ivar cause: The cause, as shown to the user, if it is known.
    """

    code: codes.Code
    server_id: str | None
    port_id: str | None
    mac_address: str | None
    expected: str
    actual: str
    stale_hosts: tuple[str, ...] = ()
    lacking_ip: str | None = None
    server: records.Server | None = dataclasses.field(
        default=None, compare=False, repr=False
    )
    port: records.Port | None = dataclasses.field(
        default=None, compare=False, repr=False
    )
    cause: str | None = None

    @property
    def server_name(self) -> str | None:
        """The server's name, if it exists."""
        return self.server.name if self.server else None

    @property
    def host(self) -> str | None:
        """The host concerned, if the caller may know it."""
        if self.server and self.server.host:
            return self.server.host
        return self.port.host if self.port else None

    @property
    def project_id(self) -> str | None:
        """The project concerned."""
        if self.server and self.server.project_id:
            return self.server.project_id
        return self.port.project_id if self.port else None

    @property
    def network_id(self) -> str | None:
        """The network of the port, if that exists."""
        return self.port.network_id if self.port else None

    @property
    def fixed_ips(self) -> tuple[records.FixedIP, ...]:
        """The fixed IPs of the port."""
        return self.port.fixed_ips if self.port else ()

    @property
    def age(self) -> float | None:
        """The seconds since a port without a server was changed."""
        if self.port is None or self.code not in codes.WITHOUT_SERVER:
            return None
        return self.port.seconds_unchanged

    @property
    def subject(self) -> Subject:
        """What the finding is about, without the details."""
        return self.server_id, self.port_id, self.mac_address, self.code

    @property
    def order(self) -> tuple[int | str, ...]:
        """A sort key: the worst first, then by server and port."""
        return (
            self.code.severity.rank,
            self.server_name or '',
            self.server_id or '',
            self.port_id or '',
            self.mac_address or '',
            self.code,
            self.actual,
        )


def of_port(
    code: codes.Code,
    server: records.Server | None,
    port: records.Port,
    expected: str,
    actual: str,
    **details: Any,
) -> Finding:
    """Make a finding about a port of a server, or of one that is gone."""
    server_id = server.id if server else port.server_id
    return Finding(
        code,
        server_id,
        port.id,
        port.mac_address,
        expected,
        actual,
        server=server,
        port=port,
        **details,
    )


def join_ips(ips: Iterable[str]) -> str:
    """Show IP addresses, in the order of their numbers."""
    return ','.join(sorted(ips, key=addresses.ip_order))
