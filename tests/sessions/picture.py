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

"""``python -m tests.sessions.picture``: the picture of the README.

It shows the output of the demo, drawn by rich. The columns have no values that
a cloud chooses, so the file is the same each time.
"""

import io
import pathlib

from rich import console
from rich import text

from tests.cloud import embedded
from tests import environments
from tests.sessions import page as pages
from tests.sessions import running

PATH = environments.CHECKOUT / 'doc' / 'source' / 'server-interface-list.svg'

PAGE = """
.. code-block:: console

   $ openstack server interface list -c 'Server Name' -c 'Fixed IPs' -c Tag
"""

# Without the fonts that rich would let a browser download.
FORMAT = """\
<svg viewBox="0 0 {width} {height}" \
xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
    font-family: monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
}}
{styles}
</style>
<defs>
{lines}
</defs>
<rect fill="#292929" width="100%" height="100%" rx="8"/>
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def draw(openstack: pathlib.Path) -> str:
    """Run the command, and draw its output.

    :param openstack: The ``openstack`` program.
    :returns: SVG.
    """
    page = pages.Page('picture', PAGE)
    # The page has no output, so everything printed counts as new.
    ((step, printed),) = running.run(page, openstack)
    lines = [f'$ {step.command}', *printed.splitlines()]
    recording = console.Console(
        record=True, file=io.StringIO(), width=max(map(len, lines))
    )
    recording.print(text.Text('\n'.join(lines)), highlight=False)
    return recording.export_svg(
        title='', code_format=FORMAT, unique_id='interfaces'
    )


if __name__ == '__main__':
    embedded.Cloud().up()
    PATH.write_text(draw(environments.ensure('client') / 'openstack'))
