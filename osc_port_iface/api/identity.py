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

"""The parts of Keystone's API about projects and domains.

https://docs.openstack.org/api-ref/identity/v3/
"""

import re

from osc_port_iface.api import errors
from osc_port_iface.api import paging
from osc_port_iface.api import reading
from osc_port_iface.api import service
from osc_port_iface.i18n import _
from osc_port_iface import printable
from osc_port_iface import records

# What may stand in a path. The first domain of a cloud has the ID default.
_DOMAIN_ID = re.compile('[0-9a-zA-Z_-]{1,64}')

# Keystone writes UUIDs without hyphens.
_HEXADECIMAL = re.compile('[0-9a-f]{32}', re.IGNORECASE)


class IdentityApi(service.Service):
    """Reads projects and domains from Keystone, reached on first use.

    Each method raises errors.ApiError if the request failed, and
    errors.Forbidden if the caller is not allowed to make it.
    """

    TYPE = 'identity'
    VERSION = 'v3'

    @property
    def own_project(self) -> records.Project | None:
        """The project of the token, which needs no request."""
        return self._credentials.project

    def project(self, project_id: str) -> records.Project:
        """Show one project.

        :param project_id: Its ID. Nothing is requested unless it is
            well-formed.
        :raises errors.NotFound: There is no such project.
        """
        what = _('Project %s') % printable.escape(project_id)
        if not is_project_id(project_id):
            raise errors.NotFound(_('%s: not a UUID') % what)
        answer = self.transport.get(f'/projects/{project_id}', what)
        return answer.intact('project', _PROJECT.read)

    def all_projects(self) -> records.Answer[records.Project]:
        """List all projects."""
        return self.list(_PROJECTS)

    def all_domains(self) -> records.Answer[records.Project]:
        """List all domains."""
        return self.list(_DOMAINS)

    def projects(
        self, name_or_id: str, domain_id: str | None
    ) -> records.Answer[records.Project]:
        """Find the projects with this ID or exactly this name.

        :param name_or_id: The project's ID, or its name.
        :param domain_id: The domain of the project; any if None.
        """
        if _HEXADECIMAL.fullmatch(name_or_id):
            try:
                return records.Answer([self.project(name_or_id)])
            except errors.NotFound:
                pass
        return self.list(
            _PROJECTS, 'name', [name_or_id], _in_domain(domain_id)
        )

    def domains(self, name_or_id: str) -> records.Answer[records.Project]:
        """Find the domain with this ID, or those with exactly this name."""
        if _DOMAIN_ID.fullmatch(name_or_id):
            what = _('Domain %s') % name_or_id
            try:
                answer = self.transport.get(f'/domains/{name_or_id}', what)
            except (errors.Forbidden, errors.NotFound):
                pass
            else:
                domain = answer.intact('domain', _PROJECT.read)
                # Some databases compare IDs without case.
                if domain.id == name_or_id:
                    return records.Answer([domain])
        return self.list(_DOMAINS, 'name', [name_or_id])

    def project_names(self, domain_id: str | None) -> list[str]:
        """List the names of those projects that one request shows.

        :param domain_id: The domain of the projects; any if None.
        """
        page = self.page(_PROJECTS, _in_domain(domain_id))
        return [row.name for row in page.rows if row.name]

    def domain_names(self) -> list[str]:
        """List the names of those domains that one request shows."""
        page = self.page(_DOMAINS, {})
        return [row.name for row in page.rows if row.name]


def is_project_id(text: str) -> bool:
    """Return whether this may be the ID of a project, in any notation."""
    return bool(_HEXADECIMAL.fullmatch(text.replace('-', '')))


def _in_domain(domain_id: str | None) -> paging.Parameters:
    return {} if domain_id is None else {'domain_id': [domain_id]}


_PROJECT = reading.Record(records.Project, domain_name=None)

_PROJECTS = paging.Collection('projects', _('Projects'), _PROJECT)

_DOMAINS = paging.Collection('domains', _('Domains'), _PROJECT)
