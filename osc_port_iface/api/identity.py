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
from osc_port_iface import records

# The first domain of a cloud has the ID default.
_DOMAIN_ID = re.compile('[0-9a-zA-Z_-]{1,64}')

_PROJECT = reading.Record(records.Project, domain_name=None)

PROJECTS = paging.Collection(
    'projects', _('Projects'), _PROJECT, one=_('Project %s')
)

DOMAINS = paging.Collection(
    'domains', _('Domains'), _PROJECT, one=_('Domain %s'), ids=_DOMAIN_ID
)


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

    def projects(
        self, name_or_id: str, domain_id: str | None
    ) -> records.Answer[records.Project]:
        """Find the projects with this ID or exactly this name.

        :param name_or_id: The project's ID, or its name.
        :param domain_id: The domain of the project; any if None.
        """
        try:
            return records.Answer([self.show(PROJECTS, name_or_id)])
        except errors.NothingThere:
            pass
        return self.list(PROJECTS, 'name', [name_or_id], in_domain(domain_id))

    def domains(self, name_or_id: str) -> records.Answer[records.Project]:
        """Find the domain with this ID, or those with exactly this name."""
        try:
            domain = self.show(DOMAINS, name_or_id)
        except (errors.Forbidden, errors.NothingThere):
            pass
        else:
            # Some databases compare IDs without case.
            if domain.id == name_or_id:
                return records.Answer([domain])
        return self.list(DOMAINS, 'name', [name_or_id])


def in_domain(domain_id: str | None) -> paging.Parameters:
    """Return the query parameter for a domain; any domain if None."""
    return {} if domain_id is None else {'domain_id': [domain_id]}
