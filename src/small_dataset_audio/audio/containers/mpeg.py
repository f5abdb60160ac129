"""The frames of MPEG audio (MP1, MP2, MP3) and of ADTS (raw AAC), and what an MP3's first frame declares.

Neither stream has a header that says how long it is: the frames follow one another until the file ends. What can be
known is whether the last frame is whole, whether bytes between frames are damaged, and, for an MP3 with a Xing, Info
or VBRI frame, how many frames there should be.

Sources: ISO/IEC 11172-3, section 2.4.1.3 and 13818-3 (frame header); ISO/IEC 13818-7, section 6.2 (ADTS); the LAME
project's description of the Xing/Info frame (encoder delay and padding); Fraunhofer's VBRI header.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from small_dataset_audio.audio.containers.tags import end_of_audio, tag_length
from small_dataset_audio.audio.containers.window import Content

DECODER_DELAY: Final = 529
"""Samples by which every MP3 decoder lags: 528 of the hybrid filter bank and 1 of its overlap."""

_BITRATES: Final = {  # kbit/s by (MPEG-1?, layer); index 0 is "free format", which is not supported
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES: Final = (44100, 48000, 32000)
_RATE_DIVISORS: Final = {3: 1, 2: 2, 0: 4}  # MPEG-1, MPEG-2, MPEG-2.5
_MPEG1: Final = 3
_CODECS: Final = {1: "mp1float", 2: "mp2float", 3: "mp3float"}
_MONO: Final = 3
_ADTS_RATES: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_ADTS_HEADER: Final = 7
_AAC_FRAME: Final = 1024
_TAG_FRAMES, _TAG_BYTES, _TAG_TOC, _TAG_QUALITY = 1, 2, 4, 8
_DELAY_OFFSET: Final = 21  # from the encoder's name to its delay and padding


@dataclass(frozen=True, slots=True)
class Header:
    """One frame's header: the decoder it needs, its length in bytes, and what must not change along a stream."""

    codec: str
    length: int
    samples: int
    rate: int
    channels: int
    key: int


Parser = Callable[[Content, int], Header | None]


class Kind(Enum):
    """What a piece of a stream is."""

    FRAME = "a whole frame"
    GAP = "bytes between frames that are neither frames nor tags"
    CUT = "a frame that is longer than what is left of the file"


Piece = tuple[Kind, int, int]
"""What a piece of a stream is, where it begins, and how many bytes it has."""


@dataclass(frozen=True)
class FrameStream:
    """What the frames of one file add up to. `spans` finds them again: a long file has too many to be kept.

    Attributes:
        first: the header of the first frame.
        start: where that begins.
        frames: how many whole frames there are.
        framed_bytes: bytes in these.
        audio_bytes: from the start of the first frame to the end of the last whole one.
        gap_bytes: bytes between frames that are neither frames nor tags.
        ends_cut: the last frame is longer than what is left of the file.
    """

    first: Header
    start: int
    frames: int
    framed_bytes: int
    audio_bytes: int
    gap_bytes: int
    ends_cut: bool


@dataclass(frozen=True)
class Declared:
    """What the Xing, Info or VBRI frame declares; None where it does not say."""

    frames: int | None
    size: int | None
    delay: int | None = None
    padding: int | None = None


@functools.lru_cache(maxsize=4096)
def _mpeg_header(word: int) -> Header | None:
    version, layer = word >> 19 & 3, 4 - (word >> 17 & 3)
    bitrate_index, rate_index = word >> 12 & 15, word >> 10 & 3
    if word >> 21 != 0x7FF or version == 1 or layer == 4 or not 0 < bitrate_index < 15 or rate_index == 3:  # noqa: PLR2004 - reserved values of each field
        return None
    mpeg1 = version == _MPEG1
    rate = _RATES[rate_index] // _RATE_DIVISORS[version]
    bits = _BITRATES[mpeg1, layer][bitrate_index] * 1000
    padding = word >> 9 & 1
    samples = {1: 384, 2: 1152, 3: 1152 if mpeg1 else 576}[layer]
    slot = 4 if layer == 1 else 1  # bytes per slot
    length = (samples // 8 * bits // rate // slot + padding) * slot
    channels = 1 if word >> 6 & 3 == _MONO else 2
    return Header(_CODECS[layer], length, samples, rate, channels, word & 0xFFFE0C00)


def mpeg_header(data: Content, at: int) -> Header | None:
    """Return the MPEG audio frame header at ``at``, None where there is none."""
    head = data[at : at + 4]
    if len(head) < 4:  # noqa: PLR2004 - a header is one word
        return None
    return _mpeg_header(int.from_bytes(head, "big"))


def adts_header(data: Content, at: int) -> Header | None:
    """Return the ADTS frame header at ``at``, None where there is none."""
    head = data[at : at + _ADTS_HEADER]
    if len(head) < _ADTS_HEADER or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:  # noqa: PLR2004 - syncword, layer 0
        return None
    rate_index = head[2] >> 2 & 15
    channels = (head[2] & 1) << 2 | head[3] >> 6
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate_index >= len(_ADTS_RATES) or length < _ADTS_HEADER:
        return None
    samples = _AAC_FRAME * ((head[6] & 3) + 1)
    key = (head[1] & 8) << 16 | head[2] << 8 | head[3] & 0xC0
    return Header("aac", length, samples, _ADTS_RATES[rate_index], 8 if channels == 7 else channels, key)  # noqa: PLR2004 - configuration 7 is 7.1


def find_frame(data: Content, start: int, parse: Parser, key: int | None = None, end: int | None = None) -> int | None:
    """Return where the next frame begins, from ``start`` on.

    A frame counts when another one follows it, or when it is the last thing before ``end``: one header alone can be chance.

    Args:
        data: the file's bytes.
        start: where to begin.
        parse: `mpeg_header` or `adts_header`.
        key: the stream that the frame must belong to; None for any.
        end: where the audio ends; the end of ``data`` by default.
    """
    end = len(data) if end is None else end
    at = data.find(b"\xff", start, end)
    while at >= 0:
        header = parse(data, at)
        if header is not None and key in (None, header.key):
            after = at + header.length
            follower = parse(data, after)
            if after == end or (follower is not None and follower.key == header.key) or tag_length(data, after):
                return at
        at = data.find(b"\xff", at + 1, end)
    return None


def walk(data: Content, parse: Parser) -> FrameStream | None:
    """Return what the frames of ``data`` add up to, None where it has none; tags before, between and after them are passed over."""
    start: int | None = None
    frames = framed = gaps = end = 0
    ends_cut = False
    for kind, at, length in _pieces(data, parse):
        start = at if start is None else start
        if kind is Kind.FRAME:
            frames, framed, end = frames + 1, framed + length, at + length
        elif kind is Kind.GAP:
            gaps += length
        else:
            ends_cut = True
    if start is None or (first := parse(data, start)) is None:
        return None
    return FrameStream(first, start, frames, framed, max(0, end - start), gaps, ends_cut)


def spans(data: Content, parse: Parser) -> Iterator[tuple[int, int]]:
    """Yield start and length in bytes of each whole frame of ``data``."""
    return ((at, length) for kind, at, length in _pieces(data, parse) if kind is Kind.FRAME)


def _pieces(data: Content, parse: Parser) -> Iterator[Piece]:
    """Yield the frames of ``data``, and what lies between them that is no tag."""
    end = end_of_audio(data)
    start = tag_length(data, 0)
    at = find_frame(data, start if start < end else 0, parse, end=end)
    if at is None or (first := parse(data, at)) is None:
        return
    while at < end:
        header = parse(data, at)
        if header is not None and header.key == first.key:
            if at + header.length > end:
                yield Kind.CUT, at, end - at
                return
            yield Kind.FRAME, at, header.length
            at += header.length
        elif skipped := tag_length(data, at):
            at += skipped
        else:
            found = find_frame(data, at + 1, parse, first.key, end)
            if found is None:
                if end - at < _ADTS_HEADER and data[at : at + 1] == b"\xff":  # a header cut in two
                    yield Kind.CUT, at, end - at
                return
            yield Kind.GAP, at, found - at
            at = found


def declared(data: Content, stream: FrameStream) -> Declared | None:
    """Return what the first frame declares where it is a Xing, Info or VBRI frame, None where it is audio."""
    frame = data[stream.start : stream.start + stream.first.length]
    mpeg1 = stream.first.samples == 1152  # noqa: PLR2004 - samples of an MPEG-1 frame
    mono = stream.first.channels == 1
    at = 4 + ((17 if mono else 32) if mpeg1 else (9 if mono else 17))  # header and side information
    if frame[at : at + 4] in (b"Xing", b"Info"):
        return _xing(frame, at + 4)
    if frame[36:40] == b"VBRI" and len(frame) >= 54:  # noqa: PLR2004 - 32 bytes after the header, 18 long
        return Declared(int.from_bytes(frame[50:54], "big"), int.from_bytes(frame[46:50], "big"))
    return None


def _xing(frame: bytes, at: int) -> Declared:
    flags = int.from_bytes(frame[at : at + 4], "big")
    at += 4
    found: dict[int, int] = {}
    for flag, size in ((_TAG_FRAMES, 4), (_TAG_BYTES, 4), (_TAG_TOC, 100), (_TAG_QUALITY, 4)):
        if flags & flag:
            found[flag] = int.from_bytes(frame[at : at + size], "big")
            at += size
    delay = padding = None
    if frame[at : at + 4] in (b"LAME", b"Lavf", b"Lavc"):
        both = int.from_bytes(frame[at + _DELAY_OFFSET : at + _DELAY_OFFSET + 3], "big")
        delay, padding = both >> 12, both & 0xFFF
    return Declared(found.get(_TAG_FRAMES), found.get(_TAG_BYTES), delay, padding)
