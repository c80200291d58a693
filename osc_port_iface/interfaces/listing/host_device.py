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

"""The name of an interface on its host, as in Nova and Neutron."""

from osc_port_iface import records

# Linux allows 15 characters for the name of a device, and Nova uses 14
# (``NIC_NAME_LEN`` in ``nova/network/model.py``).
_NAME_LENGTH = 14

# The prefix of the name, by VIF type. Other types have no such device. With
# OVS and a hybrid plug, the guest's end is a tap device as well.
_TAP = ('bridge', 'iovisor', 'ivs', 'midonet', 'ovs', 'tap', 'vrouter')
_PREFIXES = {**dict.fromkeys(_TAP, 'tap'), 'vhostuser': 'vhu'}


def host_device(port: records.Port) -> str | None:
    """Name the device of a port on its host.

    :param port: The port.
    :returns: A name such as ``tap0a3ca19c-dd``, or the PCI address of a device
        that is passed through; None if there is none, or if the caller may not
        see the binding of the port.
    """
    if port.vnic_type not in (None, 'normal'):
        # It is passed through, or another host has it, such as a DPU.
        return port.pci_slot
    prefix = _PREFIXES.get(port.vif_type or '')
    return prefix and f'{prefix}{port.id}'[:_NAME_LENGTH]
