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

"""Nova's fake driver, which also remembers the interfaces of its guests.

The fake driver does not keep which guest an interface belongs to, and loses
the interfaces of a guest that moves, so they could not be detached.
"""

import threading
from typing import Any

from nova.compute import power_state
import nova.conf
from nova import exception
from nova.objects import diagnostics
from nova.virt import fake

from tests.cloud.services import plugging

# The live migration of a server with this metadata item lasts until it is
# forced to complete or aborted.
SLOW_MIGRATION = ('live-migration', 'slow')

# A server with this metadata item keeps its interfaces, like a guest that does
# not respond.
REFUSED_DETACH = ('detach-interface', 'refused')

# Seconds, in case a test does not end its migration.
MIGRATION_TIMEOUT = 300


def _plugging(name: str) -> Any:
    """Make a method of the driver after which the guest has its devices."""

    def method(
        driver: 'Driver',
        context: Any,
        instance: Any,
        network_info: Any,
        *arguments: Any,
        **options: Any,
    ) -> None:
        usual = getattr(super(Driver, driver), name)
        usual(context, instance, network_info, *arguments, **options)
        driver._plug(instance, network_info)

    return method


class Driver(fake.FakeDriver):
    """Keeps the interfaces of each guest, and shows them as diagnostics."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._interfaces_of: dict[str, list[Any]] = {}
        self._migrations: dict[str, threading.Event] = {}
        self._aborted: set[str] = set()
        self._switch = plugging.Switch(nova.conf.CONF.host)

    power_on = _plugging('power_on')
    resume = _plugging('resume')
    rescue = _plugging('rescue')
    finish_revert_migration = _plugging('finish_revert_migration')
    post_live_migration_at_destination = _plugging(
        'post_live_migration_at_destination'
    )

    def _plug(self, instance: Any, network_info: Any) -> None:
        self._unplug(instance)
        self._interfaces_of[instance.uuid] = list(network_info or [])
        for interface in self._interfaces_of[instance.uuid]:
            self._interfaces[interface['id']] = interface
        self._connect(instance)

    def _unplug(self, instance: Any) -> None:
        self._disconnect(instance)
        for interface in self._interfaces_of.pop(instance.uuid, []):
            self._interfaces.pop(interface['id'], None)

    def _connect(self, instance: Any) -> None:
        """Make the devices of a guest that runs."""
        self._switch.plug(self._interfaces_of.get(instance.uuid, []))

    def _disconnect(self, instance: Any) -> None:
        """Remove the devices of a guest that does not run."""
        self._switch.unplug(self._interfaces_of.get(instance.uuid, []))

    def power_off(
        self, instance: Any, *arguments: Any, **options: Any
    ) -> None:
        super().power_off(instance, *arguments, **options)
        self._disconnect(instance)

    def reboot(
        self,
        context: Any,
        instance: Any,
        network_info: Any,
        reboot_type: str,
        *arguments: Any,
        **options: Any,
    ) -> None:
        super().reboot(
            context, instance, network_info, reboot_type, *arguments, **options
        )
        if reboot_type == 'HARD':
            # The guest gets the devices of Nova's cache.
            self._plug(instance, network_info)

    def suspend(self, context: Any, instance: Any) -> None:
        super().suspend(context, instance)
        self._disconnect(instance)

    def unrescue(self, context: Any, instance: Any) -> None:
        super().unrescue(context, instance)
        self._connect(instance)

    def spawn(
        self, context: Any, instance: Any, *arguments: Any, **options: Any
    ) -> None:
        super().spawn(context, instance, *arguments, **options)
        # After a move, the guest is spawned without interfaces, which are
        # plugged in later.
        if options.get('network_info') is not None:
            self._plug(instance, options['network_info'])

    def destroy(
        self, context: Any, instance: Any, *arguments: Any, **options: Any
    ) -> None:
        super().destroy(context, instance, *arguments, **options)
        self._unplug(instance)

    def attach_interface(
        self, context: Any, instance: Any, image_meta: Any, vif: Any
    ) -> None:
        super().attach_interface(context, instance, image_meta, vif)
        self._interfaces_of.setdefault(instance.uuid, []).append(vif)
        guest = self.instances[instance.uuid]
        if guest.state == power_state.RUNNING:
            self._switch.plug([vif])

    def detach_interface(self, context: Any, instance: Any, vif: Any) -> None:
        name, value = REFUSED_DETACH
        if instance.metadata.get(name) == value:
            raise exception.InterfaceDetachFailed(instance_uuid=instance.uuid)
        super().detach_interface(context, instance, vif)
        self._switch.unplug([vif])
        self._interfaces_of[instance.uuid] = [
            interface
            for interface in self._interfaces_of.get(instance.uuid, [])
            if interface['id'] != vif['id']
        ]

    def migrate_disk_and_power_off(
        self, context: Any, instance: Any, *arguments: Any, **options: Any
    ) -> Any:
        disk_info = super().migrate_disk_and_power_off(
            context, instance, *arguments, **options
        )
        self._disconnect(instance)
        return disk_info

    def finish_migration(
        self,
        context: Any,
        migration: Any,
        instance: Any,
        disk_info: Any,
        network_info: Any,
        *arguments: Any,
        **options: Any,
    ) -> None:
        super().finish_migration(
            context,
            migration,
            instance,
            disk_info,
            network_info,
            *arguments,
            **options,
        )
        self._plug(instance, network_info)

    def live_migration(
        self,
        context: Any,
        instance: Any,
        dest: str,
        post_method: Any,
        recover_method: Any,
        block_migration: bool = False,
        migrate_data: Any = None,
    ) -> None:
        name, value = SLOW_MIGRATION
        if instance.metadata.get(name) == value:
            finished = self._migrations[instance.uuid] = threading.Event()
            finished.wait(MIGRATION_TIMEOUT)
            del self._migrations[instance.uuid]
            if instance.uuid in self._aborted:
                self._aborted.remove(instance.uuid)
                recover_method(
                    context,
                    instance,
                    dest,
                    migrate_data,
                    migration_status='cancelled',
                )
                return
        post_method(context, instance, dest, block_migration, migrate_data)
        # The guest now runs at the destination.
        self.instances.pop(instance.uuid, None)
        self._unplug(instance)

    def live_migration_force_complete(self, instance: Any) -> None:
        self._migrations[instance.uuid].set()

    def live_migration_abort(self, instance: Any) -> None:
        self._aborted.add(instance.uuid)
        self._migrations[instance.uuid].set()

    def get_instance_diagnostics(
        self, instance: Any
    ) -> diagnostics.Diagnostics:
        shown = super().get_instance_diagnostics(instance)
        shown.nic_details = []
        for interface in self._interfaces_of.get(instance.uuid, []):
            shown.add_nic(mac_address=interface['address'])
        return shown
