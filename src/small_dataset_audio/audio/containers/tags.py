"""Where tags stand in a stream of MPEG or ADTS frames, so that they are neither decoded nor taken for damage.

Sources: ID3v2.4.0 structure, section 3; ID3v1; APEv2 specification; Lyrics3 v2.00.
"""

from typing import Final

from small_dataset_audio.audio.containers.window import Content

_ID3V1_LENGTH: Final = 128
_ID3V1_EXTENDED_LENGTH: Final = 227
_ID3V2_HEADER: Final = 10
_ID3V2_FOOTER_FLAG: Final = 0x10
_APE_BLOCK: Final = 32
_APE_HAS_HEADER: Final = 0x80000000
_APE_IS_HEADER: Final = 0x20000000
_LYRICS3_START: Final = b"LYRICSBEGIN"
_LONGEST_MARK: Final = len(_LYRICS3_START)
_LYRICS3_END: Final = b"LYRICS200"
_LYRICS3_SIZE_DIGITS: Final = 6
_LYRICS3_MOST: Final = 10**_LYRICS3_SIZE_DIGITS
"""No such tag is longer: its length has six digits."""


def tag_length(data: Content, at: int) -> int:
    """Return the length in bytes of the tag that begins at ``at``, 0 where none does."""
    head = data[at : at + _LONGEST_MARK]
    if head.startswith(b"ID3") and len(head) >= _ID3V2_HEADER:
        footer = _ID3V2_HEADER if head[5] & _ID3V2_FOOTER_FLAG else 0
        return _ID3V2_HEADER + _synchsafe(head[6:_ID3V2_HEADER]) + footer
    if head.startswith(b"APETAGEX"):
        size_field, _, flags = _ape_fields(data, at)
        return _APE_BLOCK + size_field if flags & _APE_IS_HEADER else _APE_BLOCK
    if head.startswith(b"TAG+"):
        return _ID3V1_EXTENDED_LENGTH
    if head.startswith(b"TAG"):
        return _ID3V1_LENGTH
    if head.startswith(_LYRICS3_START):
        end = data.find(_LYRICS3_END, at, at + _LYRICS3_MOST + _LONGEST_MARK)
        return 0 if end < 0 else end + len(_LYRICS3_END) - at
    return 0


def end_of_audio(data: Content) -> int:
    """Return where the tags at the end of ``data`` begin (its length where there are none)."""
    end = len(data)
    while trailing := _trailing_tag(data, end):
        end -= trailing
    return end


def _trailing_tag(data: Content, end: int) -> int:
    for fixed, mark in ((_ID3V1_LENGTH, b"TAG"), (_ID3V1_EXTENDED_LENGTH, b"TAG+")):
        if end >= fixed and data.startswith(mark, end - fixed):
            return fixed
    footer = end - _APE_BLOCK
    if footer >= 0 and data.startswith(b"APETAGEX", footer):
        size, _, flags = _ape_fields(data, footer)
        length = size + (_APE_BLOCK if flags & _APE_HAS_HEADER else 0)
        return length if _APE_BLOCK <= length <= end else _APE_BLOCK
    last = end - len(_LYRICS3_END)
    if last >= 0 and data.startswith(_LYRICS3_END, last):
        digits = data[max(0, last - _LYRICS3_SIZE_DIGITS) : last]
        length = int(digits) + _LYRICS3_SIZE_DIGITS + len(_LYRICS3_END) if digits.isdigit() else 0
        return length if length <= end else 0
    if end >= _ID3V2_HEADER and data.startswith(b"3DI", end - _ID3V2_HEADER):
        length = 2 * _ID3V2_HEADER + _synchsafe(data[end - 4 : end])
        return length if length <= end else 0
    return 0


def _synchsafe(size: bytes) -> int:
    """Return a number of four bytes with 7 bits each, as ID3v2 writes sizes."""
    return size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3]


def _ape_fields(data: Content, at: int) -> tuple[int, int, int]:
    """Return size, number of items and flags of the APE header or footer at ``at``."""
    block = data[at + 12 : at + 24].ljust(12, b"\0")
    size, items, flags = (int.from_bytes(block[i : i + 4], "little") for i in (0, 4, 8))
    return size, items, flags
