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

import testtools

from osc_port_iface import records
from tests.unit import fake_cloud


class TestHostDevice(testtools.TestCase):
    def test_by_vif_type_and_vnic_type(self) -> None:
        for vnic_type, vif_type, pci_slot, expected in (
            ('normal', 'ovs', None, 'tap0000000b-00'),
            ('normal', 'bridge', None, 'tap0000000b-00'),
            ('normal', 'tap', None, 'tap0000000b-00'),
            ('normal', 'vhostuser', None, 'vhu0000000b-00'),
            ('direct', 'hw_veb', '0000:03:10.2', '0000:03:10.2'),
            ('direct', 'ovs', '0000:03:10.2', '0000:03:10.2'),
            (
                'direct-physical',
                'hostdev_physical',
                '0000:03:00.0',
                '0000:03:00.0',
            ),
            ('macvtap', 'hw_veb', '0000:03:10.3', '0000:03:10.3'),
            ('direct', 'hw_veb', None, None),
            ('remote-managed', 'ovs', '0000:03:10.4', '0000:03:10.4'),
            ('remote-managed', 'ovs', None, None),
            ('accelerator-direct', 'hostdev', '0000:81:00.0', '0000:81:00.0'),
            ('vdpa', 'ovs', '0000:03:10.5', '0000:03:10.5'),
            ('virtio-forwarder', 'vhostuser', None, None),
            ('smart-nic', 'ovs', None, None),
            ('a type of the future', 'ovs', None, None),
            ('baremetal', 'other', None, None),
            ('virtio-forwarder', 'agilio_ovs', None, None),
            ('normal', 'unbound', None, None),
            ('normal', 'binding_failed', None, None),
            ('normal', 'hyperv', None, None),
            # The caller may not see the binding.
            ('normal', None, None, None),
            (None, None, None, None),
        ):
            with self.subTest(vnic_type=vnic_type, vif_type=vif_type):
                port = records.Port(
                    id='0000000b-0000-4000-8000-000000000000',
                    network_id=fake_cloud.identifier(700),
                    mac_address=None,
                    fixed_ips=(),
                    vnic_type=vnic_type,
                    vif_type=vif_type,
                    pci_slot=pci_slot,
                )
                self.assertEqual(expected, port.host_device)
