"""The pages of an Ogg file: what its streams are, how long they say they are, and whether they end as they must.

Sources: RFC 3533 (Ogg), RFC 7845 (Opus in Ogg), the Vorbis I specification (section 4.2.2 and appendix A), the Ogg
mapping of FLAC 1.0, the Speex manual (section 6).
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from small_dataset_audio.audio.containers.window import Content

_MARK: Final = b"OggS"
_HEADER: Final = 27
_FIRST_PAGE, _LAST_PAGE = 2, 4
_NO_POSITION: Final = 0xFFFFFFFFFFFFFFFF
_OPUS_RATE: Final = 48000
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_LONGEST_PACKET: Final = 8192
"""No packet of these codecs holds more samples: 8192 is Vorbis' largest block, 5760 (120 ms) the most in an Opus packet."""

VORBIS_ORDER: Final = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 4, 5, 3),
    7: (0, 2, 1, 5, 6, 4, 3),
    8: (0, 2, 1, 6, 7, 4, 5, 3),
}
"""By number of channels: where each channel of Vorbis and Opus stands in WAVE order (Vorbis I, 4.3.9; RFC 7845, 5.1.1.2).
With other numbers the two orders are the same."""
WAVE_ORDER: Final = {
    channels: tuple(order.index(place) for place in range(channels)) for channels, order in VORBIS_ORDER.items()
}
"""By number of channels: where each channel in WAVE order stands in Vorbis and Opus."""


@dataclass(frozen=True)
class Page:
    """One page: which stream, its number there, the position it ends at, its packets, and where it stands in the file."""

    serial: int
    number: int
    flags: int
    position: int
    packets: int
    body: bytes
    start: int
    whole: bool
    intact: bool


@dataclass
class Stream:
    """One logical stream of audio: positions are in samples at ``rate``; ``start`` is where in the file it begins."""

    codec: str
    rate: int
    channels: int
    pre_skip: int = 0
    start: int = 0
    first: int | None = None
    last: int | None = None
    ended: bool = False
    next_number: int = 0
    lost_pages: int = 0

    @property
    def samples(self) -> int | None:
        """How many samples the stream declares; None where its positions do not start at 0 (cut out of a broadcast)."""
        if self.last is None or self.first is None:
            return None
        return max(0, self.last - self.pre_skip)


@dataclass(frozen=True)
class OggFile:
    """The audio streams of a file, in order; more than one is a "chained" file.

    Attributes:
        streams: each stream.
        ends_cut: the file ends inside a page.
        damaged_pages: how many pages do not have the checksum they should have.
        mixed: streams lie beside each other, or have no end of their own.
    """

    streams: tuple[Stream, ...]
    ends_cut: bool
    damaged_pages: int
    mixed: bool

    @property
    def is_vorbis(self) -> bool:
        """Whether all of it is Vorbis, one stream after the other."""
        return bool(self.streams) and not self.mixed and all(stream.codec == "vorbis" for stream in self.streams)

    @property
    def samples(self) -> int | None:
        """Samples that all streams declare together; None where one does not say, or where their rates differ."""
        each = [stream.samples for stream in self.streams]
        if not each or len({stream.rate for stream in self.streams}) > 1:
            return None
        known = [samples for samples in each if samples is not None]
        return sum(known) if len(known) == len(each) else None


def pages(data: Content) -> Iterator[Page]:
    """Yield the pages of ``data``; bytes that are no page are passed over."""
    size = len(data)
    at = data.find(_MARK, 0, size)
    while at >= 0:
        header = data[at : at + _HEADER]
        table_end = at + _HEADER + (header[-1] if len(header) == _HEADER else 0)
        lacing = data[at + _HEADER : table_end]
        end = table_end + sum(lacing)
        page = data[at:end]
        yield Page(
            serial=int.from_bytes(header[14:18], "little"),
            number=int.from_bytes(header[18:22], "little"),
            flags=header[5] if len(header) > 5 else 0,  # noqa: PLR2004 - the byte of the flags is the sixth
            position=int.from_bytes(header[6:14], "little"),
            packets=sum(1 for length in lacing if length < 255),  # noqa: PLR2004 - 255 means "goes on"
            body=page[table_end - at : table_end - at + 64],
            start=at,
            whole=at + _HEADER <= size and end <= size,
            intact=_checksum(page) == int.from_bytes(header[22:26], "little"),
        )
        at = data.find(_MARK, max(at + len(_MARK), min(end, size)), size)


def _checksum(page: bytes) -> int:
    """Return the CRC-32 of a page (RFC 3533, section 6): polynomial 0x04c11db7, most significant bit first, its own field 0.

    zlib's CRC has the same polynomial, starts from ones and takes the least significant bit first: so every byte goes in
    reversed, and the result comes out reversed and inverted.
    """
    zeroed = page[:22] + bytes(4) + page[26:]
    reflected = zlib.crc32(zeroed.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(reflected.to_bytes(4, "little").translate(_REVERSED), "big")


def examine(data: Content) -> OggFile:
    """Return the audio streams of ``data``."""
    streams: list[Stream] = []
    current: dict[int, Stream] = {}
    ends_cut = mixed = False
    damaged = 0
    for page in pages(data):
        if not page.whole:
            ends_cut = True
            break
        damaged += not page.intact
        if page.flags & _FIRST_PAGE:
            current.pop(page.serial, None)
            if (begun := _identify(page.body)) is not None:
                begun.start = page.start
                mixed = mixed or not all(stream.ended for stream in streams)
                current[page.serial] = begun
                streams.append(begun)
        if (stream := current.get(page.serial)) is not None:
            _take(stream, page)
    return OggFile(tuple(streams), ends_cut, damaged, mixed)


def _take(stream: Stream, page: Page) -> None:
    stream.lost_pages += max(0, page.number - stream.next_number)
    stream.next_number = page.number + 1
    stream.ended = stream.ended or bool(page.flags & _LAST_PAGE)
    if page.position in (0, _NO_POSITION):
        return
    if stream.last is None and page.position <= page.packets * _LONGEST_PACKET:
        stream.first = 0
    stream.last = page.position


def _identify(body: bytes) -> Stream | None:
    """Return the stream that a first page's packet announces, None where it is not audio."""
    if body.startswith(b"\x01vorbis"):
        return Stream("vorbis", int.from_bytes(body[12:16], "little"), body[11])
    if body.startswith(b"OpusHead"):
        return Stream("opus", _OPUS_RATE, body[9], pre_skip=int.from_bytes(body[10:12], "little"))
    if body.startswith(b"\x7fFLAC"):
        info = body[13 + 4 :]  # after the mapping's header and the metadata block's
        fields = int.from_bytes(info[10:18].ljust(8, b"\0"), "big")
        return Stream("flac", fields >> 44, (fields >> 41 & 7) + 1)
    if body.startswith(b"Speex   "):
        return Stream("speex", int.from_bytes(body[36:40], "little"), int.from_bytes(body[48:52], "little"))
    return None
