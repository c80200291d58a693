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

"""The differences between releases.

Each class has the differences from the next newer release. Modules are
imported in the methods, as each service has only its own, and may need to be
patched first.
"""

from collections.abc import Callable
import os
from typing import Any


class Newest:
    """Nova 34, Neutron 29, Keystone 30, Glance 33, Placement 16."""

    def prepare_nova(self) -> None:
        """Choose Nova's threading, before anything else is imported."""
        # nova.cmd.manage would patch the process with eventlet. Nova would
        # then refuse to run with native threads.
        os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = 'true'
        from nova import monkey_patch

        monkey_patch.patch()

    def nova_arguments(self) -> list[str]:
        """Return the arguments of Nova's application."""
        return ['osapi_compute', 'nova-api']

    def nova_compute_topics(self) -> dict[str, str]:
        """Return the topics of nova-compute besides its usual one."""
        from nova.compute import rpcapi

        return {'topic_alt': rpcapi.RPC_TOPIC_ALT}

    def boot_neutron(self, application: Callable[[], Any]) -> Any:
        """Read Neutron's configuration, then call the application."""
        from neutron import server

        return server.boot_server(application, prog='neutron-api')

    def neutron_application(self) -> Any:
        """Load Neutron's plugins."""
        from neutron.server import api

        return api.api_server()


class Release20251(Newest):
    """Nova 31, Neutron 26, Keystone 27, Glance 30, Placement 13."""

    def prepare_nova(self) -> None:
        # Native threads came with Nova 33. This import patches the process.
        from nova import monkey_patch  # noqa: F401

    def nova_arguments(self) -> list[str]:
        return ['osapi_compute']

    def nova_compute_topics(self) -> dict[str, str]:
        return {}

    def boot_neutron(self, application: Callable[[], Any]) -> Any:
        from neutron import server

        return server.boot_server(application)


class Release20241(Release20251):
    """Nova 29, Neutron 24, Keystone 25, Glance 28, Placement 11."""

    def neutron_application(self) -> Any:
        from neutron.server import api_eventlet

        return api_eventlet.eventlet_api_server()


DIFFERENCES: dict[str, Newest] = {
    'newest': Newest(),
    '2025.1': Release20251(),
    '2024.1': Release20241(),
}
