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

"""``python -m tests.sessions.picture``: the pictures of the documentation.

Each shows the sessions of a page in ``doc/source/pictures``, drawn by rich.
The pages are run like all others, so a picture shows real output.
"""

import io
import pathlib

from rich import console
from rich import text

from tests import environments
from tests.sessions import page as pages
from tests.sessions import shell

PAGES = environments.CHECKOUT / 'doc' / 'source' / 'pictures'

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


def draw(page: pages.Page) -> str:
    """Draw the sessions of a page.

    :returns: SVG.
    """
    lines = [
        line
        for step in page.steps
        for line in (f'$ {step.command}', *step.output)
    ]
    width = min(shell.COLUMNS, max(map(len, lines)))
    recording = console.Console(record=True, file=io.StringIO(), width=width)
    recording.print(text.Text('\n'.join(lines)), highlight=False)
    return recording.export_svg(
        title='', code_format=FORMAT, unique_id='interfaces'
    )


def drawn() -> dict[pathlib.Path, str]:
    """Draw all pages, and return each picture by its file."""
    return {
        path.with_suffix('.svg'): draw(pages.Page.read(path))
        for path in sorted(PAGES.glob('*.rst'))
    }


if __name__ == '__main__':
    for path, picture in drawn().items():
        path.write_text(picture)
