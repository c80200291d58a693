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

import configparser
import os

import setuptools

# pbr counts the commits since the last tag. It has nothing to count in a
# copy without .git, such as a downloaded archive, and would count those of
# another project where the copy is inside of that. An sdist knows its own.
if not os.path.exists('.git') and not os.path.exists('PKG-INFO'):
    setup_cfg = configparser.ConfigParser()
    setup_cfg.read('setup.cfg')
    os.environ.setdefault('PBR_VERSION', setup_cfg['metadata']['version'])

setuptools.setup(setup_requires=['pbr>=6.0.0'], pbr=True)
