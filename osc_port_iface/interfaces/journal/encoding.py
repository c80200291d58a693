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

"""How the objects of a journal are written."""

import collections
from collections.abc import Sequence
import functools
import hashlib
import re
from typing import Any
import zlib

# The most that a compressor can refer back to.
_WINDOW = 32 * 1024

# A text of JSON, with the colon of a key.
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"(\s*:)?')

# A text long enough to be worth referring to.
_TEXTS = re.compile(rb'"[^"\\\\]{12,}"')


class Damaged(Exception):
    """An object is not what was stored."""


def digest(data: bytes) -> bytes:
    """Return what tells an object from its other versions."""
    return hashlib.blake2b(data, digest_size=12).digest()


def key_of(listing_id: int, field: str, value: str) -> int:
    """Return the key of a value in the table of lookups."""
    text = f'{listing_id}/{field}/{value.lower()}'
    data = text.encode(errors='surrogatepass')
    found = hashlib.blake2b(data, digest_size=6).digest()
    return int.from_bytes(found, 'big')


def skeleton(examples: Sequence[bytes]) -> bytes:
    """Return what the objects of a listing have in common.

    That is one of them with empty texts, after the texts that several
    have, such as the IDs of networks. Nothing tells whose values these were.

    :param examples: Some objects, as JSON.
    """
    if not examples:
        return b'{}'
    counts = collections.Counter(
        value for data in examples for value in set(_TEXTS.findall(data))
    )
    shared = [value for value, count in counts.most_common() if count > 1]
    keys = _TEXT.sub(lambda text: text[0] if text[1] else b'""', examples[0])
    # The nearer a value is to the end, the shorter is a reference to it.
    return b''.join([*reversed(shared), keys])[-_WINDOW:]


@functools.lru_cache(maxsize=16)
def _compressor(base: bytes) -> Any:
    # Negative: without a header and a checksum, as each version has a digest.
    return zlib.compressobj(9, wbits=-15, zdict=base)


def compress(data: bytes, base: bytes) -> bytes:
    """Compress an object against another one that resembles it."""
    compressor = _compressor(base).copy()
    return bytes(compressor.compress(data) + compressor.flush())


def decompress(data: bytes, base: bytes) -> bytes:
    """Return an object that was compressed against another one."""
    return zlib.decompressobj(wbits=-15, zdict=base).decompress(data)
