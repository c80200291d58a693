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

"""The steps of a path, and what each of them lets pass."""

from __future__ import annotations

import dataclasses
import enum

from osc_port_iface.interfaces.path import flows
from osc_port_iface import records

# What a step can be about.
Row = (
    records.FloatingIP
    | records.Network
    | records.Port
    | records.Router
    | records.Server
    | records.Subnet
)


class Verdict(enum.Enum):
    """Whether traffic passes."""

    ALLOWED = 'allowed'
    BLOCKED = 'blocked'
    UNKNOWN = 'unknown'


ALLOWED, BLOCKED, UNKNOWN = Verdict


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """Something on a path, and what passes it.

    :ivar hop: What it is, such as ``router`` or ``ingress``.
    :ivar row: What it is about.
    :ivar surely: What passes in any case.
    :ivar possibly: What passes unless something unknown prevents it.
    :ivar reason: Why not everything passes surely.
    :ivar limits: What of it passes only from, or only to, a part of a CIDR.
    :ivar rule_ids: The rules that let something pass.
    :ivar assumptions: What was taken to be so, as it cannot be seen.
    """

    hop: str
    row: Row
    surely: flows.Flows = flows.EVERYTHING
    possibly: flows.Flows = flows.EVERYTHING
    reason: str | None = None
    limits: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()

    def verdict(self, asked: flows.Flows) -> Verdict:
        """Return whether any of the traffic in question passes."""
        return verdict(self.surely & asked, self.possibly & asked)


def verdict(surely: flows.Flows, possibly: flows.Flows) -> Verdict:
    """Return the verdict on traffic that passes, and that may pass."""
    if surely:
        return ALLOWED
    return UNKNOWN if possibly else BLOCKED


def judged(
    verdict: Verdict, hop: str, row: Row, text: str = '', /, **values: object
) -> Step:
    """Make a step with a verdict on all traffic.

    :param text: Why it does not pass or, if it does, what is assumed; see
        :func:`say`. The row has a place in it, too.
    """
    line = say(text, row=row, **values)
    if verdict is ALLOWED:
        return Step(hop, row, assumptions=(line,) if line else ())
    possibly = flows.NOTHING if verdict is BLOCKED else flows.EVERYTHING
    return Step(hop, row, flows.NOTHING, possibly, line)


def name(row: Row) -> str | None:
    """Return the name of something; that of a floating IP is its address."""
    return row.address if isinstance(row, records.FloatingIP) else row.name


def label(row: Row) -> str:
    """Return what to call something: its name or, without one, its ID."""
    return name(row) or row.id


def say(text: str, **values: object) -> str:
    """Fill in the values of a message, and the labels of rows in it."""
    return text % {
        key: label(value) if isinstance(value, Row) else value
        for key, value in values.items()
    }
