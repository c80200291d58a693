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

"""The ways to authenticate, as environment variables."""

import secrets

from tests.cloud import api
from tests.cloud import embedded

Login = dict[str, str]

_DOMAIN = 'default'


class Logins:
    """The ways in which one user of the cloud can authenticate."""

    def __init__(
        self, user_api: api.Api, cloud: embedded.Cloud, user: str
    ) -> None:
        """Prepare for a user.

        :param user_api: The API of the user, already authenticated.
        :param cloud: The cloud.
        :param user: The name of the user, in Keystone and in clouds.yaml.
        """
        self._api = user_api
        self._cloud = cloud
        self._user = user
        self._admin = api.Api('admin', cloud)
        self._url = {'OS_AUTH_URL': cloud.endpoints['identity']}
        self._user_id = self._id_of('user', user)
        self._removals: list[tuple[api.Api, str]] = []

    def password(self) -> Login:
        """The password of the user."""
        return {**self._password(self._user), **self._project()}

    def unscoped(self) -> Login:
        """The password, without a scope."""
        return self._password(self._user)

    def token(self) -> Login:
        """A token of the user, which is exchanged for another one."""
        return {
            **self._url,
            **self._project(),
            'OS_AUTH_TYPE': 'v3token',
            'OS_TOKEN': self._api.token,
        }

    def application_credential(self, **attributes: object) -> Login:
        """A new application credential.

        :param attributes: Other attributes, such as ``access_rules``.
        """
        path = f'/users/{self._user_id}/application_credentials'
        made = self._api.post(
            'identity',
            path,
            {
                'application_credential': {
                    'name': secrets.token_hex(8),
                    **attributes,
                }
            },
        )['application_credential']
        self._removals.append((self._api, f'{path}/{made["id"]}'))
        return {
            **self._url,
            'OS_AUTH_TYPE': 'v3applicationcredential',
            'OS_APPLICATION_CREDENTIAL_ID': made['id'],
            'OS_APPLICATION_CREDENTIAL_SECRET': made['secret'],
        }

    def trust(self) -> Login:
        """The password of another user whom this one trusts."""
        made = self._api.post(
            'identity',
            '/OS-TRUST/trusts',
            {
                'trust': {
                    'trustor_user_id': self._user_id,
                    'trustee_user_id': self._id_of('user', 'other'),
                    'project_id': self._api.project_id,
                    'impersonation': True,
                    'roles': [{'name': 'member'}],
                }
            },
        )['trust']
        self._removals.append((self._api, f'/OS-TRUST/trusts/{made["id"]}'))
        return {**self._password('other'), 'OS_TRUST_ID': made['id']}

    def administrator(self, scope: str) -> Login:
        """The password of an administrator.

        :param scope: ``system`` or ``domain``.
        """
        login = self._password('admin')
        if scope == 'system':
            return {**login, 'OS_SYSTEM_SCOPE': 'all'}
        path = (
            f'/domains/{_DOMAIN}/users/{self._id_of("user", "admin")}/roles/'
            f'{self._id_of("role", "admin")}'
        )
        self._admin.put('identity', path, None)
        self._removals.append((self._admin, path))
        return {**login, 'OS_DOMAIN_ID': _DOMAIN}

    def admin_token(self) -> Login:
        """A token and the URLs of the services, without Keystone."""
        return {
            **self.none(),
            'OS_AUTH_TYPE': 'admin_token',
            'OS_TOKEN': self._api.token,
        }

    def none(self) -> Login:
        """The URLs of the services, and nothing else."""
        return {
            'OS_AUTH_TYPE': 'none',
            # The type requires it, but the overrides are used.
            'OS_ENDPOINT': self._cloud.endpoints['compute'],
            **{
                f'OS_{name.upper()}_ENDPOINT_OVERRIDE': (
                    self._cloud.endpoints[name]
                )
                for name in ('compute', 'network', 'identity')
            },
        }

    def region(self, **urls: dict[str, str]) -> str:
        """Register another region.

        :param urls: The URLs of its services, for each interface.
        :returns: Its name.
        """
        name = f'Region{secrets.token_hex(4)}'
        services = self._admin.get('identity', '/services')['services']
        for service in services:
            for interface, of_service in urls.items():
                endpoint = {
                    'service_id': service['id'],
                    'interface': interface,
                    'region': name,
                    'url': of_service[service['type']],
                }
                made = self._admin.post(
                    'identity', '/endpoints', {'endpoint': endpoint}
                )['endpoint']
                self._removals.append(
                    (self._admin, f'/endpoints/{made["id"]}')
                )
        return name

    def remove(self) -> None:
        """Remove everything that was made for the logins."""
        for owner, path in reversed(self._removals):
            owner.delete('identity', path)
        self._removals.clear()

    def _password(self, user: str) -> Login:
        return {
            **self._url,
            'OS_USERNAME': user,
            'OS_USER_DOMAIN_ID': _DOMAIN,
            'OS_PASSWORD': self._cloud.credentials(user)['password'],
        }

    def _project(self) -> Login:
        return {
            'OS_PROJECT_NAME': self._cloud.credentials(self._user)[
                'project_name'
            ],
            'OS_PROJECT_DOMAIN_ID': _DOMAIN,
        }

    def _id_of(self, kind: str, name: str) -> str:
        (found,) = self._admin.get('identity', f'/{kind}s', name=name)[
            f'{kind}s'
        ]
        return str(found['id'])
