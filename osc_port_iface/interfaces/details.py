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

"""Reads what Neutron knows of interfaces beyond what a view shows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
import dataclasses
from typing import TypeVar

from osc_port_iface.api import errors
from osc_port_iface.api import network
from osc_port_iface.api import neutron
from osc_port_iface.i18n import _
from osc_port_iface.interfaces import facts
from osc_port_iface import printable
from osc_port_iface import records

_Row = TypeVar('_Row', records.Subnet, records.SecurityGroup)

_Rows = Sequence[records.ServerInterface]
_Answer = records.Answer[records.ServerInterface]


def read(api: network.NetworkApi, rows: _Rows, wanted: facts.Fact) -> _Answer:
    """Add the wanted facts to interfaces.

    The number of requests depends on how many IDs fit into a URL, not on the
    number of servers. Nothing is requested that is not wanted.

    :param api: Neutron.
    :param rows: The interfaces, with their port IDs.
    :param wanted: The facts to add. Facts that these need are read as well.
    :returns: The interfaces in the same order. Facts that Neutron hides from
        the caller are left out, with a notice.
    """
    answer: _Answer = records.Answer(list(rows))
    if not rows:
        return answer
    for derived, source in _SOURCES.items():
        if wanted & derived:
            wanted |= source
    if wanted & facts.Fact.RULES:
        # The groups are read together with their rules.
        wanted &= ~facts.Fact.SECURITY_GROUPS
    for fact, reader in _READERS.items():
        if not fact & wanted:
            continue
        try:
            part = reader(api, answer.rows)
        except errors.Forbidden as error:
            answer.notices.append(_missing(error))
        except (errors.Unreachable, errors.TokenRefused) as error:
            # Further requests would only fail in the same way.
            answer.failures.append(_missing(error))
            break
        except errors.ApiError as error:
            answer.failures.append(_missing(error))
        else:
            answer.rows = part.rows
            answer.failures += part.failures
            answer.notices += part.notices
    if wanted & facts.Fact.BINDING and any(map(_hides_binding, answer.rows)):
        answer.notices.append(
            _(
                'How ports are bound is not known: Neutron shows that to '
                'administrators only'
            )
        )
    if wanted & facts.Fact.PROVIDER and any(map(_hides_provider, answer.rows)):
        answer.notices.append(
            _(
                'How networks are provided is not known: Neutron shows that '
                'to administrators only'
            )
        )
    return answer


def _add_ports(api: network.NetworkApi, rows: _Rows) -> _Answer:
    missing = [row for row in rows if row.details.port is None]
    if not missing:
        return records.Answer(list(rows))
    # There are fewer servers than ports, unless there is only one port.
    if len(missing) == 1:
        answer = api.list(neutron.PORTS, 'id', _ids(missing))
    else:
        answer = api.list(
            neutron.PORTS, 'device_id', (row.server.id for row in missing)
        )
    ports = {port.id: port for port in answer.rows}
    return _with(
        rows,
        answer.failures,
        lambda row: dataclasses.replace(
            row.details,
            port=row.details.port or ports.get(row.interface.port_id or ''),
        ),
    )


def _add_networks(api: network.NetworkApi, rows: _Rows) -> _Answer:
    answer = api.list(
        neutron.NETWORKS, 'id', (row.interface.network_id for row in rows)
    )
    networks = {found.id: found for found in answer.rows}
    return _with(
        rows,
        answer.failures,
        lambda row: dataclasses.replace(
            row.details,
            network=networks.get(row.interface.network_id or ''),
        ),
    )


def _add_subnets(api: network.NetworkApi, rows: _Rows) -> _Answer:
    answer = api.list(
        neutron.SUBNETS, 'id', (i for row in rows for i in _subnets(row))
    )
    return _with(
        rows,
        answer.failures,
        lambda row: dataclasses.replace(
            row.details, subnets=_chosen(_subnets(row), answer.rows)
        ),
    )


def _add_security_groups(api: network.NetworkApi, rows: _Rows) -> _Answer:
    return _with_security_groups(
        rows,
        api.list(
            neutron.SECURITY_GROUPS,
            'id',
            (i for row in rows for i in _security_groups(row)),
        ),
    )


def _add_rules(api: network.NetworkApi, rows: _Rows) -> _Answer:
    ids = _distinct(i for row in rows for i in _security_groups(row))
    groups = api.list(neutron.SECURITY_GROUPS_WITH_RULES, 'id', ids)
    answer = _with_security_groups(rows, groups)
    if not groups.failures:
        answer.notices += [
            _(
                'The rules of security group %s are not known: Neutron does '
                'not show it to this user'
            )
            % printable.escape(hidden)
            for hidden in sorted({*ids} - {group.id for group in groups.rows})
        ]
    answer.notices += [
        _(
            'Whether security groups are enforced on the VNIC type %s depends '
            'on what plugs it in'
        )
        % printable.escape(vnic_type)
        for vnic_type in sorted({p.vnic_type or '' for p in _ports(rows)})
        if vnic_type not in _FILTERED_VNIC_TYPES
    ]
    return answer


def _with_security_groups(
    rows: _Rows, answer: records.Answer[records.SecurityGroup]
) -> _Answer:
    return _with(
        rows,
        answer.failures,
        lambda row: dataclasses.replace(
            row.details,
            security_groups=_chosen(_security_groups(row), answer.rows),
        ),
    )


def _add_remote_groups(api: network.NetworkApi, rows: _Rows) -> _Answer:
    """Add the groups that rules refer to; most refer to their own."""
    known = {
        group.id: group
        for row in rows
        for group in row.details.security_groups
    }
    mentioned = _distinct(
        rule.remote_group_id
        for group in known.values()
        for rule in group.rules
    )
    answer = api.list(
        neutron.SECURITY_GROUPS, 'id', (i for i in mentioned if i not in known)
    )
    found = (*known.values(), *answer.rows)
    return _with(
        rows,
        answer.failures,
        lambda row: dataclasses.replace(
            row.details, remote_groups=_chosen(mentioned, found)
        ),
    )


def _add_address_groups(api: network.NetworkApi, rows: _Rows) -> _Answer:
    answer = api.list(
        neutron.ADDRESS_GROUPS,
        'id',
        (
            rule.remote_address_group_id
            for row in rows
            for group in row.details.security_groups
            for rule in group.rules
        ),
    )
    return _with(
        rows,
        answer.failures,
        lambda row: dataclasses.replace(
            row.details, address_groups=tuple(answer.rows)
        ),
    )


def _add_floating_ips(api: network.NetworkApi, rows: _Rows) -> _Answer:
    answer = api.list(neutron.FLOATING_IPS, 'port_id', _ids(rows))
    found: dict[str, list[records.FloatingIP]] = {}
    for floating_ip in sorted(answer.rows, key=lambda row: row.address):
        found.setdefault(floating_ip.port_id or '', []).append(floating_ip)
    return _with(
        rows,
        answer.failures,
        lambda row: dataclasses.replace(
            row.details,
            floating_ips=tuple(found.get(row.interface.port_id or '', ())),
        ),
    )


def _add_port_forwardings(api: network.NetworkApi, rows: _Rows) -> _Answer:
    """Search all floating IPs of the projects.

    A floating IP with forwardings cannot be looked up by port.
    """
    answer = api.list(
        neutron.FLOATING_IPS,
        'project_id',
        (port.project_id for port in _ports(rows)),
    )
    forwarding = sorted(
        (row for row in answer.rows if row.port_forwardings),
        key=lambda row: (row.address, row.id),
    )
    return _with(
        rows,
        answer.failures,
        lambda row: dataclasses.replace(
            row.details,
            forwarding_floating_ips=tuple(
                _forwarding_to(row.details.port, forwarding)
            ),
        ),
    )


def _ports(rows: _Rows) -> list[records.Port]:
    return [row.details.port for row in rows if row.details.port]


def _forwarding_to(
    port: records.Port | None, floating_ips: Iterable[records.FloatingIP]
) -> Iterator[records.FloatingIP]:
    """Return the floating IPs that forward to a port.

    They have only the forwardings to this port.
    """
    for floating_ip in floating_ips:
        found = tuple(
            forwarding
            for forwarding in floating_ip.port_forwardings
            if port and floating_ip.forwards_to(port, forwarding)
        )
        if found:
            yield dataclasses.replace(floating_ip, port_forwardings=found)


def _add_qos_policies(api: network.NetworkApi, rows: _Rows) -> _Answer:
    answer = api.list(neutron.QOS_POLICIES, 'id', map(_qos_policy, rows))
    policies = {found.id: found for found in answer.rows}
    return _with(
        rows,
        answer.failures,
        lambda row: dataclasses.replace(
            row.details,
            qos_policy=policies.get(_qos_policy(row) or ''),
        ),
    )


# VNIC types on which Neutron's agents, or OVN, enforce security groups.
_FILTERED_VNIC_TYPES = frozenset({'', 'normal', 'remote-managed', 'smart-nic'})

# Facts that need another fact, which is read first.
_SOURCES = {
    facts.Fact.REMOTE_GROUPS: facts.Fact.RULES,
    facts.Fact.ADDRESS_GROUPS: facts.Fact.RULES,
    facts.Fact.RULES: facts.Fact.PORT,
    facts.Fact.SECURITY_GROUPS: facts.Fact.PORT,
    facts.Fact.BINDING: facts.Fact.PORT,
    facts.Fact.QOS_POLICY: facts.Fact.PORT,
    # Floating IPs that may forward to a port belong to its project.
    facts.Fact.PORT_FORWARDINGS: facts.Fact.PORT,
    facts.Fact.NETWORK_NAME: facts.Fact.NETWORK,
    facts.Fact.PROVIDER: facts.Fact.NETWORK,
}

# The order matters: each reader may rely on those before it.
_READERS: dict[facts.Fact, Callable[[network.NetworkApi, _Rows], _Answer]] = {
    facts.Fact.PORT: _add_ports,
    facts.Fact.NETWORK: _add_networks,
    facts.Fact.SUBNETS: _add_subnets,
    facts.Fact.SECURITY_GROUPS: _add_security_groups,
    facts.Fact.RULES: _add_rules,
    facts.Fact.REMOTE_GROUPS: _add_remote_groups,
    facts.Fact.ADDRESS_GROUPS: _add_address_groups,
    facts.Fact.FLOATING_IPS: _add_floating_ips,
    facts.Fact.PORT_FORWARDINGS: _add_port_forwardings,
    facts.Fact.QOS_POLICY: _add_qos_policies,
}


def _with(
    rows: _Rows,
    failures: list[str],
    details: Callable[[records.ServerInterface], records.Details],
) -> _Answer:
    """Replace the details of each interface."""
    return records.Answer(
        [dataclasses.replace(row, details=details(row)) for row in rows],
        failures,
    )


def _missing(error: errors.ApiError) -> str:
    return _('Some values are missing: %s') % error


def _hides_binding(row: records.ServerInterface) -> bool:
    port = row.details.port
    return port is not None and not port.shows_binding


def _hides_provider(row: records.ServerInterface) -> bool:
    """Tell whether the provider attributes are hidden from the caller.

    If an answer has networks with one segment and with several, Neutron hides
    only the attributes of the former (neutron,
    ``pecan_wsgi/hooks/policy_enforcement.py``).
    """
    network = row.details.network
    return network is not None and not network.segments


def _ids(rows: _Rows) -> list[str | None]:
    return [row.interface.port_id for row in rows]


def _subnets(row: records.ServerInterface) -> list[str]:
    return _distinct(
        fixed_ip.subnet_id for fixed_ip in row.interface.fixed_ips
    )


def _security_groups(row: records.ServerInterface) -> Sequence[str]:
    port = row.details.port
    return port.security_group_ids if port else ()


def _qos_policy(row: records.ServerInterface) -> str | None:
    port = row.details.port
    if port is None:
        return None
    return port.qos_policy_id or port.network_qos_policy_id


def _distinct(ids: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(i for i in ids if i))


def _chosen(ids: Iterable[str], rows: Iterable[_Row]) -> tuple[_Row, ...]:
    """Return the rows with these IDs, in the order of the IDs."""
    by_id = {row.id: row for row in rows}
    return tuple(by_id[i] for i in ids if i in by_id)
