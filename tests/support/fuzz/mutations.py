"""Changing bytes as accidents and attackers do: flipped bits, extreme numbers, pieces that are cut, doubled or moved."""

import random
from typing import Final

_EXTREMES: Final = (
    b"\0", b"\xff", b"\x7f", b"\x80", b"\0" * 2, b"\xff" * 2, b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f",
    b"\x80\0\0\0", b"\0\0\0\x80", b"\1\0\0\0", b"\0\0\0\1", b"\0\0\0\x40", b"\x40\0\0\0", b"\xff" * 8, b"\x7f" + b"\xff" * 7,
    b"\xff" * 7 + b"\x7f", b"\0" * 8,
)  # fmt: skip
_HEADER: Final = 160
_WORDS: Final = (
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\n",
    b"\\u0000",
    b"1e999",
    b"-",
    b"null",
    b"NaN",
    b"\xed\xa0\x80",
    b"\xf0\x9f",
)
_MOST_CHANGES: Final = 4


def mutated(data: bytes, chance: random.Random, *, text: bool = False) -> bytes:
    """Return ``data`` changed in one to four places, most often in its first bytes, where headers are.

    Args:
        data: the file.
        chance: decides.
        text: put words of JSON, TOML and YAML in rather than extreme numbers.
    """
    changed = bytearray(data)
    for _ in range(chance.randint(1, _MOST_CHANGES)):
        _change(changed, chance, _WORDS if text else _EXTREMES)
    return bytes(changed)


def _change(data: bytearray, chance: random.Random, pieces: tuple[bytes, ...]) -> None:
    limit = max(1, min(len(data), _HEADER) if chance.random() < 0.8 else len(data))
    at = chance.randrange(limit)
    kind = chance.randrange(6)
    if kind == 0 and data:
        data[min(at, len(data) - 1)] ^= 1 << chance.randrange(8)
    elif kind in {1, 2}:
        piece = chance.choice(pieces)
        data[at : at + len(piece)] = piece
    elif kind == 3:
        del data[at : at + chance.randint(1, 16)]
    elif kind == 4:
        data[at:at] = data[at : at + chance.randint(1, 64)]
    elif chance.random() < 0.5:
        del data[chance.randrange(len(data) + 1) :]
    else:
        data[at:at] = chance.choice(pieces)
