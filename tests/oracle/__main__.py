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

"""``python -m tests.oracle``: compares ``reach`` with OVN.

It needs an embedded cloud on OVN. What was compared is written into the page
of the command, unless something is wrong.
"""

import argparse
import os
import sys

from tests.cloud import api
from tests.cloud import directory
from tests.cloud import networks
from tests.oracle import comparison
from tests.oracle import judging
from tests.oracle import packets
from tests.oracle import table
from tests.oracle import topology

# One sees everything, and the other what members see.
USERS = ('admin', 'demo')

# The largest share of each user's verdicts that may be unknown, but for those
# on servers whose state and rules the user may not see.
MOST_UNKNOWN = 1 / 20


def main() -> int:
    """Run the command line; see ``--help``.

    :returns: The exit status: 1 if anything disagrees.
    """
    parser = argparse.ArgumentParser(prog='python -m tests.oracle')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--pairs', type=int, default=1000)
    parser.add_argument('--first', type=int, default=0)
    arguments = parser.parse_args()
    cloud = directory.CloudDirectory(network=networks.OVN)
    os.environ['OS_CLIENT_CONFIG_FILE'] = str(cloud.clouds_yaml)
    makers = [api.Api(user, cloud) for user in ('demo', 'other', 'admin')]
    judges = {user: judging.Judge(user) for user in USERS}
    found = comparison.Comparison()
    number = arguments.first
    while len(found.pairs) < arguments.pairs:
        with topology.Topology(arguments.seed, number, makers) as made:
            guests = packets.Guests(cloud)
            for user, judge in judges.items():
                found.add(guests, user, judge.judge(made), send=True)
        number += 1
        print(f'{number} topologies, {len(found.pairs)} pairs', flush=True)
    rows = table.rows(arguments.seed, number - arguments.first, found)
    for what, value in rows:
        print(f'{value:>12}  {what}')
    for text in found.disagreements:
        print(text)
    shares = map(found.unknown_share, USERS)
    if found.disagreements or max(shares) > MOST_UNKNOWN:
        return 1
    table.write(rows)
    return 0


if __name__ == '__main__':
    sys.exit(main())
