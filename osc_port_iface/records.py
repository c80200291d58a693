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

"""What the services hand to the commands: plain records without any I/O."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class FixedIP:
    """One address of an interface; Nova's cache does not know the subnet."""

    ip_address: str
    subnet_id: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Interface:
    """One port that is plugged into a server.

    None stands for what the view does not have: Nova's cache knows only the
    MAC address, the fixed IPs and the label of the network. ``tag`` is None
    where there is none, too.
    """

    mac_address: str
    fixed_ips: tuple[FixedIP, ...]
    port_id: str | None = None
    network_id: str | None = None
    port_state: str | None = None
    tag: str | None = None
    network_label: str | None = None
    floating_ips: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """A server as Nova's listing shows it.

    Without details only ``id`` and ``name`` are there. ``host`` is None for
    who may not see it and for a server that is on none. ``cache`` is Nova's
    network info cache, without its floating IPs being interfaces.
    """

    id: str
    name: str = ''
    project_id: str = ''
    status: str = ''
    host: str | None = None
    task_state: str | None = None
    cache: tuple[Interface, ...] = ()

    @property
    def in_down_cell(self) -> bool:
        """Whether Nova cannot reach what it knows of the server."""
        return self.status == 'UNKNOWN'


@dataclasses.dataclass(frozen=True, slots=True)
class Port:
    """A port as Neutron shows it; None where the caller may not see."""

    id: str
    network_id: str
    mac_address: str
    fixed_ips: tuple[FixedIP, ...]
    status: str
    name: str
    device_id: str
    device_owner: str
    project_id: str
    security_group_ids: tuple[str, ...]
    vnic_type: str | None
    vif_type: str | None
    host: str | None
    admin_state_up: bool = True
    ip_allocation: str | None = None

    @property
    def is_of_server(self) -> bool:
        """Whether Nova made it the port of a server, existing or not."""
        return self.device_owner.startswith('compute:')

    def as_interface(self) -> Interface:
        """Make of it what os-interface shows, but for the tag."""
        return Interface(
            port_id=self.id,
            network_id=self.network_id,
            mac_address=self.mac_address,
            fixed_ips=self.fixed_ips,
            port_state=self.status,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class FloatingIP:
    """A floating IP; without a port it leads nowhere."""

    address: str
    network_id: str
    project_id: str
    port_id: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class InterfaceDetails:
    """What Neutron adds to an interface; empty where it does not say."""

    network_name: str = ''
    port_name: str = ''
    subnet_names: tuple[str, ...] = ()
    floating_ips: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    host: str = ''
    vif_type: str = ''
    vnic_type: str = ''


@dataclasses.dataclass(frozen=True, slots=True)
class Plugged:
    """One interface, the server it is plugged into and what is known."""

    server: Server
    interface: Interface
    details: InterfaceDetails = InterfaceDetails()
