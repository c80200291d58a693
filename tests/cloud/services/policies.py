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

"""Makes oslo.policy do once what it does for each policy that is checked.

A request has dozens of them, for each field that it shows. Each time, the
enforcer looks for policy files, goes through all rules, and looks up how the
check is called (``Enforcer.load_rules``, ``_checks._check``), which is a third
of the CPU time of a GET request to Neutron.
"""

import functools
import inspect
import types
from typing import Any

from oslo_policy import _checks
from oslo_policy import policy


def install() -> None:
    """Apply this to every enforcer of the process."""
    load_rules = policy.Enforcer.load_rules
    loaded: dict[policy.Enforcer, int] = {}

    def load_rules_once(
        enforcer: policy.Enforcer, force_reload: bool = False
    ) -> None:
        # More may be registered later.
        count = len(enforcer.registered_rules)
        if force_reload or not enforcer.rules or loaded.get(enforcer) != count:
            load_rules(enforcer, force_reload)
            loaded[enforcer] = count

    policy.Enforcer.load_rules = load_rules_once
    _checks.inspect = types.SimpleNamespace(
        getfullargspec=lambda call: _arguments(type(call.__self__))
    )


@functools.cache
def _arguments(check: Any) -> inspect.FullArgSpec:
    return inspect.getfullargspec(check.__call__)
