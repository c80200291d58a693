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

import testtools

from osc_port_iface.interfaces.changes import listing_diff
from tests.unit import fake_cloud

WEB = fake_cloud.identifier(1)
DB = fake_cloud.identifier(2)
PORT = fake_cloud.identifier(11)
OTHER_PORT = fake_cloud.identifier(12)

HEADERS = ('Server ID', 'Server Name', 'Port ID', 'Fixed IPs', 'Host')


def listing(
    name: str,
    *rows: tuple[str, ...],
    headers: tuple[str, ...] = HEADERS,
    is_incomplete: bool = False,
) -> listing_diff.Listing:
    interfaces = [dict(zip(headers, row, strict=True)) for row in rows]
    return listing_diff.Listing(
        name,
        headers,
        {row['Port ID']: row for row in interfaces},
        is_incomplete,
    )


def change(
    kind: str,
    before: str | None,
    after: str | None,
    server: tuple[str, str] = (WEB, 'web'),
    port_id: str | None = PORT,
) -> listing_diff.Change:
    return listing_diff.Change(
        server[1], server[0], port_id, kind, before, after
    )


class TestChanges(testtools.TestCase):
    ROW = (WEB, 'web', PORT, '10.0.0.1', 'a')

    def changes(
        self, before: listing_diff.Listing, after: listing_diff.Listing
    ) -> list[listing_diff.Change]:
        found = listing_diff.ListingDiff(before, after)
        self.assertEqual([], found.notices)
        return found.changes

    def test_the_same(self) -> None:
        self.assertEqual(
            [], self.changes(listing('b', self.ROW), listing('a', self.ROW))
        )

    def test_each_column(self) -> None:
        for header, kind in (
            ('Fixed IPs', 'readdressed'),
            ('Host', 'moved'),
            ('Port State', 'state'),
            ('Network ID', 'network'),
            ('Tag', 'tag'),
            ('MAC Address', 'mac-address'),
            ('Security Groups', 'security-groups'),
            ('Floating IPs', 'floating-ips'),
            ('NIC Index', 'nic-index'),
            ('QoS Policy', 'qos-policy'),
        ):
            for before, after in (('x', 'y'), ('', 'y'), ('x', '')):
                with self.subTest(header=header, before=before, after=after):
                    headers = ('Server ID', 'Server Name', 'Port ID', header)
                    self.assertEqual(
                        [change(kind, before or None, after or None)],
                        self.changes(
                            *(
                                listing(
                                    name,
                                    (WEB, 'web', PORT, value),
                                    headers=headers,
                                )
                                for name, value in (
                                    ('b', before),
                                    ('a', after),
                                )
                            )
                        ),
                    )

    def test_attached_and_detached(self) -> None:
        other = (WEB, 'web', OTHER_PORT, '10.0.0.2', 'a')
        one = listing('one', self.ROW)
        two = listing('two', self.ROW, other)
        self.assertEqual(
            [change('attached', None, '10.0.0.2', port_id=OTHER_PORT)],
            self.changes(one, two),
        )
        self.assertEqual(
            [change('detached', '10.0.0.2', None, port_id=OTHER_PORT)],
            self.changes(two, one),
        )

    def test_without_an_address_the_mac_address_tells(self) -> None:
        headers = ('Server ID', 'Port ID', 'Fixed IPs', 'MAC Address')
        before = listing('b', (WEB, PORT, '', 'm1'), headers=headers)
        after = listing(
            'a',
            (WEB, PORT, '', 'm1'),
            (WEB, OTHER_PORT, '', 'm2'),
            headers=headers,
        )
        (row,) = self.changes(before, after)
        self.assertEqual(('attached', 'm2'), (row.kind, row.after))

    def test_to_another_server(self) -> None:
        stays = (DB, 'db', OTHER_PORT, '10.0.0.2', 'a')
        stayed = (WEB, 'web', fake_cloud.identifier(13), '10.0.0.3', 'a')
        self.assertEqual(
            [
                change('attached', None, '10.0.0.1', (DB, 'db')),
                change('moved', 'a', 'b', (DB, 'db')),
                change('detached', '10.0.0.1', None),
            ],
            self.changes(
                listing('b', self.ROW, stays, stayed),
                listing('a', (DB, 'db', PORT, '10.0.0.1', 'b'), stays, stayed),
            ),
        )

    def test_renamed_once_for_each_server(self) -> None:
        ports = (PORT, OTHER_PORT)
        self.assertEqual(
            [change('renamed', 'web', 'front', (WEB, 'front'), None)],
            self.changes(
                *(
                    listing(
                        'x', *((WEB, name, port, '', '') for port in ports)
                    )
                    for name in ('web', 'front')
                )
            ),
        )
        # An unknown name is not a changed name.
        self.assertEqual(
            [],
            self.changes(
                listing('b', self.ROW), listing('a', (WEB, '', *self.ROW[2:]))
            ),
        )

    def test_order(self) -> None:
        before = [
            (DB, 'db', fake_cloud.identifier(3), '1', 'x'),
            (WEB, 'web', fake_cloud.identifier(2), '2', 'x'),
            (WEB, 'web', fake_cloud.identifier(1), '3', 'x'),
        ]
        after = [(*row[:3], row[3] + '0', 'y') for row in before]
        self.assertEqual(
            [
                ('db', 3, 'readdressed'),
                ('db', 3, 'moved'),
                ('web', 1, 'readdressed'),
                ('web', 1, 'moved'),
                ('web', 2, 'readdressed'),
                ('web', 2, 'moved'),
            ],
            [
                (row.server_name, int((row.port_id or '')[-1]), row.kind)
                for row in self.changes(
                    listing('b', *before), listing('a', *after[::-1])
                )
            ],
        )

    def test_of_one_server_without_its_id(self) -> None:
        headers = ('Port ID', 'Fixed IPs')
        before = listing('b', (PORT, '10.0.0.1'), headers=headers)
        for after in (
            listing('a', (PORT, '10.0.0.2'), headers=headers),
            listing('a', (*self.ROW[:3], '10.0.0.2'), headers=HEADERS[:4]),
        ):
            (row,) = self.changes(before, after)
            self.assertEqual('readdressed', row.kind)


class TestNotices(testtools.TestCase):
    ROW = TestChanges.ROW

    def diff(
        self,
        before: listing_diff.Listing,
        after: listing_diff.Listing,
        *hideable: str,
    ) -> listing_diff.ListingDiff:
        return listing_diff.ListingDiff(before, after, hideable)

    def test_columns_of_one_side(self) -> None:
        before = listing('b.json', self.ROW)
        headers = (*HEADERS[:4], 'Tag\x1b')
        after = listing('a.json', (*self.ROW[:4], 'x'), headers=headers)
        found = self.diff(before, after)
        self.assertEqual([], found.changes)
        self.assertEqual(
            [
                'In b.json only, so not compared: Host',
                'In a.json only, so not compared: Tag\\x1b',
            ],
            found.notices,
        )

    def test_column_of_white_space(self) -> None:
        before = listing('b', self.ROW)
        after = listing('a', (*self.ROW, 'x'), headers=(*HEADERS[:5], '\r'))
        self.assertEqual(
            ["In a only, so not compared: ''"],
            self.diff(before, after).notices,
        )

    def test_hidden_column_is_not_compared(self) -> None:
        hidden = (*self.ROW[:4], '')
        for before, after, notices in (
            (self.ROW, hidden, ['In b only, so not compared: Host']),
            (hidden, self.ROW, ['In a only, so not compared: Host']),
            (hidden, hidden, []),
        ):
            found = self.diff(
                listing('b', before), listing('a', after), 'Host'
            )
            self.assertEqual(([], notices), (found.changes, found.notices))

    def test_subports_that_one_side_may_lack(self) -> None:
        both = *HEADERS, 'Parent Port ID'
        rows = (*self.ROW, ''), (WEB, 'web', OTHER_PORT, 'x', 'a', PORT)
        with_subport = listing('b', *rows, headers=both)
        line = 'In b only, so not compared: Parent Port ID, the subports'
        for other, notices in (
            (listing('a', self.ROW), [line]),
            (listing('a', rows[0], headers=both, is_incomplete=True), []),
        ):
            for sides in (with_subport, other), (other, with_subport):
                found = self.diff(*sides)
                self.assertEqual(([], notices), (found.changes, found.notices))
        found = self.diff(with_subport, listing('a', rows[0], headers=both))
        self.assertEqual(
            [change('detached', 'x', None, port_id=OTHER_PORT)], found.changes
        )

    def test_servers_of_one_side(self) -> None:
        other = (DB, 'db\x1b', OTHER_PORT, '10.0.0.2', 'a')
        found = self.diff(
            listing('b', self.ROW, other), listing('a', self.ROW)
        )
        self.assertEqual(['detached'], [row.kind for row in found.changes])
        self.assertEqual(
            ['In b only, servers with all their interfaces: db\\x1b'],
            found.notices,
        )
        found = self.diff(listing('b'), listing('a', self.ROW, other))
        self.assertEqual(['attached'] * 2, [row.kind for row in found.changes])
        self.assertEqual(
            ['In a only, servers with all their interfaces: db\\x1b, web'],
            found.notices,
        )

    def test_many_servers_of_one_side(self) -> None:
        rows = [
            (
                fake_cloud.identifier(n),
                f's{n}',
                fake_cloud.identifier(n),
                '',
                '',
            )
            for n in range(10, 30)
        ]
        found = self.diff(listing('b', *rows), listing('a'))
        self.assertEqual(
            [
                'In b only, servers with all their interfaces: '
                's10, s11, s12, s13, s14, s15, s16, s17, s18, s19, ...'
            ],
            found.notices,
        )

    def test_nothing_is_claimed_of_what_was_not_read(self) -> None:
        other = (DB, 'db', OTHER_PORT, '10.0.0.2', 'a')
        found = self.diff(
            listing('b', self.ROW, other),
            listing('a', self.ROW, is_incomplete=True),
        )
        self.assertEqual([], found.changes)
        self.assertEqual(
            (
                ['In b only, servers that are gone or could not be read: db'],
                [],
            ),
            (found.failures, found.notices),
        )
