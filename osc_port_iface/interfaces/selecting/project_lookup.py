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

"""Looks up the names of projects with as few requests as possible."""

from collections.abc import Iterable, Sequence
import dataclasses
import logging

from osc_port_iface.api import errors
from osc_port_iface.api import fan_out
from osc_port_iface.api import identity
from osc_port_iface.api import paging
from osc_port_iface import records

LOG = logging.getLogger(__name__)

# Up to this many projects are requested one by one; for more, all are listed.
MOST_SHOWN_PROJECTS = 8

_Projects = records.Answer[records.Project]


def look_up(
    api: identity.IdentityApi, project_ids: Iterable[str]
) -> _Projects:
    """Find the names of projects, and of their domains.

    The project of the token needs no request.

    :param api: Keystone.
    :param project_ids: The IDs.
    :returns: The projects, except those that do not exist, or that the caller
        may not see.
    """
    ids = dict.fromkeys(project_ids)
    own = api.own_project
    answer = _read(api, [i for i in ids if own is None or i != own.id])
    domains = {own.domain_id: own.domain_name} if own else {}
    if any(row.domain_id not in domains for row in answer.rows):
        listed = _listed(api, identity.DOMAINS)
        domains.update((row.id, row.name) for row in listed.rows)
        answer.failures += listed.failures
    answer.rows = [
        dataclasses.replace(row, domain_name=domains.get(row.domain_id))
        for row in answer.rows
    ]
    if own and own.id in ids:
        answer.rows.insert(0, own)
    return answer


def _read(api: identity.IdentityApi, project_ids: Sequence[str]) -> _Projects:
    if len(project_ids) > MOST_SHOWN_PROJECTS:
        answer = _listed(api, identity.PROJECTS)
        asked = set(project_ids)
        answer.rows = [row for row in answer.rows if row.id in asked]
        return answer
    return fan_out.gather(
        lambda project_id: api.show(identity.PROJECTS, project_id),
        project_ids,
        errors.Forbidden,
        errors.NothingThere,
    )


def _listed(
    api: identity.IdentityApi, collection: paging.Collection[records.Project]
) -> _Projects:
    try:
        return api.list(collection)
    except errors.Forbidden as error:
        LOG.info(error)
        return records.Answer([])
    except errors.RequestFailed as error:
        return records.Answer([], [str(error)])
