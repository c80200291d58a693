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

"""Configures Sphinx."""

import configparser
import logging
import pathlib

project = 'osc-port-iface'
copyright = 'osc-port-iface contributors'

# The theme would count the commits since the last tag.
setup_cfg = configparser.ConfigParser()
setup_cfg.read(pathlib.Path(__file__).parents[2] / 'setup.cfg')
release = version = setup_cfg['metadata']['version']
openstackdocs_auto_version = False

extensions = ['openstackdocstheme', 'cliff.sphinxext']

# The program that the command reference shows.
autoprogram_cliff_application = 'openstack'

html_theme = 'openstackdocs'
# The theme would report each visit to the analytics of OpenStack.
html_theme_options = {'analytics_tracking_code': ''}
openstackdocs_auto_name = False

# The theme warns if it does not find the commit, which it would name in bug
# reports. These are not linked here.
logging.getLogger('sphinx.openstackdocstheme.ext').addFilter(
    lambda record: 'gitsha' not in record.getMessage()
)

# (source, name, description, authors, section)
man_pages = [
    (
        'man/osc-port-iface',
        'osc-port-iface',
        'show the interfaces of servers',
        [],
        1,
    )
]
