"""What the structure of a file tells: frame headers, tags, chunks and boxes, each built by hand from its specification."""

import io
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.audio.containers import chunks, mpeg, ogg, tags
from small_dataset_audio.audio.containers.chunks import Extent


def size_of(data: bytes, find: Callable[[io.BytesIO, int], Extent | None]) -> Extent | None:
    return find(io.BytesIO(data), len(data))


def mp3_frames(count: int, header: bytes = b"\xff\xfb\x90\x00") -> bytes:
    """Return frames of silence: MPEG-1 Layer III, 128 kbit/s, 44.1 kHz, stereo by default."""
    parsed = mpeg.mpeg_header(header, 0)
    assert parsed is not None
    return (header + bytes(parsed.length - 4)) * count


@pytest.mark.parametrize(
    ("header", "codec", "length", "samples", "rate", "channels"),
    [
        (b"\xff\xfb\x90\x00", "mp3float", 417, 1152, 44100, 2),
        (b"\xff\xfb\x92\x00", "mp3float", 418, 1152, 44100, 2),
        (b"\xff\xfb\xe4\xc0", "mp3float", 960, 1152, 48000, 1),
        (b"\xff\xf3\x80\xc4", "mp3float", 208, 576, 22050, 1),
        (b"\xff\xe3\x18\xc4", "mp3float", 72, 576, 8000, 1),
        (b"\xff\xfd\xa4\x00", "mp2float", 576, 1152, 48000, 2),
        (b"\xff\xff\x94\x00", "mp1float", 288, 384, 48000, 2),
    ],
)
def test_mpeg_headers(header: bytes, codec: str, length: int, samples: int, rate: int, channels: int) -> None:
    parsed = mpeg.mpeg_header(b"x" + header, 1)
    assert parsed is not None
    assert (parsed.codec, parsed.length, parsed.samples, parsed.rate, parsed.channels) == (
        codec,
        length,
        samples,
        rate,
        channels,
    )


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\xff\xfb\x90",
        b"\xfe\xfb\x90\0",
        b"\xff\xeb\x90\0",
        b"\xff\xf9\x90\0",
        b"\xff\xfb\xf0\0",
        b"\xff\xfb\x0c\0",
    ],
    ids=["nothing", "short", "no sync", "version", "layer", "bit rate", "free format at a reserved rate"],
)
def test_what_is_no_mpeg_header(header: bytes) -> None:
    assert mpeg.mpeg_header(header, 0) is None


def adts(length: int, rate_index: int = 4, channels: int = 2, blocks: int = 1) -> bytes:
    header = bytearray(b"\xff\xf1\0\0\0\0\0")
    header[2] = 1 << 6 | rate_index << 2 | channels >> 2
    header[3] = (channels & 3) << 6 | length >> 11
    header[4] = length >> 3 & 0xFF
    header[5] = (length & 7) << 5 | 0x1F
    header[6] = 0xFC | blocks - 1
    return bytes(header) + bytes(max(0, length - 7))


@pytest.mark.parametrize(
    ("channels", "blocks", "expected"), [(1, 1, (1, 1024)), (2, 2, (2, 2048)), (6, 1, (6, 1024)), (7, 4, (8, 4096))]
)
def test_adts_headers(channels: int, blocks: int, expected: tuple[int, int]) -> None:
    parsed = mpeg.adts_header(adts(700, 3, channels, blocks), 0)
    assert parsed is not None
    assert (parsed.channels, parsed.samples) == expected
    assert (parsed.length, parsed.rate, parsed.codec) == (700, 48000, "aac")


def test_what_is_no_adts_header() -> None:
    assert mpeg.adts_header(adts(700)[:6], 0) is None
    assert mpeg.adts_header(adts(6), 0) is None
    assert mpeg.adts_header(adts(700, rate_index=13), 0) is None
    assert mpeg.adts_header(mp3_frames(1), 0) is None


def test_the_walk_counts_frames_and_what_lies_between() -> None:
    stream = mpeg.walk(b"junk" + mp3_frames(3) + b"!" * 50 + mp3_frames(4) + b"the end", mpeg.mpeg_header)
    assert stream is not None
    assert (stream.frames, stream.gap_bytes, stream.ends_cut) == (7, 50, False)
    assert stream.audio_bytes == 7 * 417 + 50


def test_the_walk_sees_a_cut_frame_and_a_cut_header() -> None:
    for tail in (mp3_frames(1)[:200], b"\xff\xfb\x90", b"\xff"):
        stream = mpeg.walk(mp3_frames(3) + tail, mpeg.mpeg_header)
        assert stream is not None
        assert (stream.frames, stream.ends_cut) == (3, True)


def test_the_walk_keeps_to_one_stream() -> None:
    other = mp3_frames(5, b"\xff\xfb\xe4\xc0")
    stream = mpeg.walk(mp3_frames(3) + other, mpeg.mpeg_header)
    assert stream is not None
    assert stream.frames == 3
    assert mpeg.walk(b"no frames at all", mpeg.mpeg_header) is None
    assert mpeg.walk(b"", mpeg.mpeg_header) is None


def test_tags_between_frames_are_no_damage() -> None:
    middle = b"TAG" + bytes(125) + b"ID3\3\0\0\0\0\0\5" + bytes(5)
    stream = mpeg.walk(mp3_frames(3) + middle + mp3_frames(3), mpeg.mpeg_header)
    assert stream is not None
    assert (stream.frames, stream.gap_bytes) == (6, 0)


def xing(
    name: bytes = b"Xing", encoder: bytes = b"LAME3.100", flags: int = 15, frames: int = 99, size: int = 12345
) -> bytes:
    content = name + struct.pack(">I", flags)
    content += struct.pack(">I", frames) if flags & 1 else b""
    content += struct.pack(">I", size) if flags & 2 else b""
    content += bytes(100) if flags & 4 else b""
    content += bytes(4) if flags & 8 else b""
    content += encoder + bytes(12) + (576 << 12 | 1234).to_bytes(3, "big")
    return (b"\xff\xfb\x90\x00" + bytes(32) + content).ljust(417, b"\0")


def declared(frame: bytes) -> mpeg.Declared | None:
    data = frame + mp3_frames(3)
    stream = mpeg.walk(data, mpeg.mpeg_header)
    assert stream is not None
    return mpeg.declared(data, stream)


def test_what_a_first_frame_declares() -> None:
    assert declared(xing()) == mpeg.Declared(99, 12345, 576, 1234)
    assert declared(xing(b"Info", b"Lavc60.1x")) == mpeg.Declared(99, 12345, 576, 1234)
    assert declared(xing(encoder=b"unknown  ")) == mpeg.Declared(99, 12345)
    assert declared(xing(flags=0)) == mpeg.Declared(None, None, 576, 1234)
    assert declared(xing(flags=2)) == mpeg.Declared(None, 12345, 576, 1234)
    vbri = b"\xff\xfb\x90\x00" + bytes(32) + b"VBRI\0\1\0\0\0\0" + struct.pack(">II", 54321, 77)
    assert declared(vbri.ljust(417, b"\0")) == mpeg.Declared(77, 54321)
    assert declared(mp3_frames(1)) is None


@pytest.mark.parametrize(
    ("data", "length"),
    [
        (b"ID3\4\0\0\0\0\1\0" + bytes(128), 138),
        (b"ID3\4\0\x10\0\0\0\x0a" + bytes(20), 30),
        (b"ID3", 0),
        (b"TAG" + bytes(125), 128),
        (b"TAG+" + bytes(223), 227),
        (b"APETAGEX" + struct.pack("<IIII", 2000, 40, 1, 0xA0000000), 72),
        (b"APETAGEX" + struct.pack("<IIII", 2000, 40, 1, 0x80000000), 32),
        (b"LYRICSBEGIN" + b"x" * 10 + b"000021LYRICS200", 36),
        (b"LYRICSBEGIN without an end", 0),
        (b"sound", 0),
        (b"", 0),
    ],
)
def test_tags_at_a_place(data: bytes, length: int) -> None:
    assert tags.tag_length(b"xx" + data, 2) == length


@pytest.mark.parametrize(
    "tail",
    [
        b"TAG" + bytes(125),
        b"APETAGEX"
        + struct.pack("<IIII", 2000, 72, 1, 0xA0000000)
        + bytes(8 + 40)
        + b"APETAGEX"
        + struct.pack("<IIII", 2000, 72, 1, 0x80000000)
        + bytes(8),
        b"LYRICSBEGIN" + b"y" * 10 + b"000021LYRICS200",
        b"ID3\4\0\x10\0\0\0\x0a" + bytes(10) + b"3DI\4\0\x10\0\0\0\x0a",
    ],
)
def test_tags_at_the_end(tail: bytes) -> None:
    assert tags.end_of_audio(b"sound" * 100 + tail) == 500
    assert tags.end_of_audio(b"sound" * 100 + tail + b"TAG" + bytes(125)) == 500


@pytest.mark.parametrize(
    "tail",
    [b"LYRICSBEGINxxabcdefLYRICS200", b"999999LYRICS200", b"3DI\4\0\0\x7f\x7f\x7f\x7f"],
)
def test_sizes_that_make_no_sense_end_no_tag(tail: bytes) -> None:
    assert tags.end_of_audio(b"sound" + tail) == 5 + len(tail)


def test_an_ape_tag_of_absurd_size_is_its_footer() -> None:
    footer = b"APETAGEX" + struct.pack("<IIII", 2000, 0xFFFFFFF0, 1, 0) + bytes(8)
    assert tags.end_of_audio(b"sound" * 10 + footer) == 50


@given(st.binary(max_size=400))
def test_no_bytes_upset_the_parsers(data: bytes) -> None:
    for parse in (mpeg.mpeg_header, mpeg.adts_header):
        mpeg.walk(data, parse)
        mpeg.walk(mp3_frames(2) + data + mp3_frames(2), parse)
    assert 0 <= tags.end_of_audio(data) <= len(data)
    ogg.examine(b"OggS" + data)
    for find in chunks.EXTENTS.values():
        extent = size_of(data, find)
        assert extent is None or extent.present >= 0


def riff(content: bytes, magic: bytes = b"RIFF") -> bytes:
    return magic + bytes(4) + b"WAVE" + content


def test_riff_extents() -> None:
    chunk = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    data = riff(chunk + b"data" + struct.pack("<I", 100) + bytes(60))
    extent = size_of(data, chunks.riff_extent)
    assert extent == Extent(100, 60)
    assert extent.is_cut
    assert size_of(riff(chunk), chunks.riff_extent) is None
    assert size_of(riff(b"dat"), chunks.riff_extent) is None
    big_endian = riff(b"data" + struct.pack(">I", 60) + bytes(60), b"RIFX")
    assert size_of(big_endian, chunks.riff_extent) == Extent(60, 60)
    ds64 = b"ds64" + struct.pack("<IQQQI", 28, 0, 1 << 40, 0, 0)
    rf64 = riff(ds64 + b"data" + struct.pack("<I", 0xFFFFFFFF) + bytes(10), b"RF64")
    assert size_of(rf64, chunks.riff_extent) == Extent(1 << 40, 10)
    for length in (0x7FFFF000, 0x80000000, 0xFFFFFFFF):
        streamed = size_of(riff(b"data" + struct.pack("<I", length) + bytes(9)), chunks.riff_extent)
        assert streamed == Extent(None, 9)
        assert not streamed.is_cut


def test_aiff_extents() -> None:
    head = b"FORM\0\0\0\0AIFFCOMM" + struct.pack(">I", 18) + bytes(18)
    data = head + b"SSND" + struct.pack(">I", 108) + bytes(8 + 60)
    assert size_of(data, chunks.aiff_extent) == Extent(100, 60)
    assert size_of(head, chunks.aiff_extent) is None


def test_w64_extents() -> None:
    head = bytes(40) + b"fmt " + bytes(12) + struct.pack("<Q", 24 + 17) + bytes(24)
    data = head + chunks._W64_DATA + struct.pack("<Q", 24 + 100) + bytes(60)
    assert size_of(data, chunks.w64_extent) == Extent(100, 60)
    assert size_of(head, chunks.w64_extent) is None
    assert size_of(bytes(200), chunks.w64_extent) is None


def test_caf_extents() -> None:
    head = b"caff\0\1\0\0desc" + struct.pack(">q", 32) + bytes(32)
    assert size_of(head + b"data" + struct.pack(">q", 100) + bytes(60), chunks.caf_extent) == Extent(100, 60)
    assert size_of(head + b"data" + struct.pack(">q", -1) + bytes(60), chunks.caf_extent) == Extent(None, 60)
    assert size_of(head + b"free" + struct.pack(">q", -9), chunks.caf_extent) is None
    assert size_of(head, chunks.caf_extent) is None


def test_au_extents() -> None:
    assert size_of(b".snd" + struct.pack(">II", 24, 100) + bytes(72), chunks.au_extent) == Extent(100, 60)
    assert size_of(b"dns." + struct.pack("<II", 24, 0xFFFFFFFF) + bytes(72), chunks.au_extent) == Extent(None, 60)
    assert size_of(b".snd" + struct.pack(">II", 9999, 5), chunks.au_extent) == Extent(5, 0)


def box(name: bytes, content: bytes = b"", claimed: int | None = None) -> bytes:
    return struct.pack(">I4s", len(content) + 8 if claimed is None else claimed, name) + content


def test_mp4_extents() -> None:
    whole = box(b"ftyp", b"M4A ") + box(b"moov", bytes(30)) + box(b"mdat", bytes(100))
    extent = size_of(whole, chunks.mp4_extent)
    assert extent is not None
    assert not extent.is_cut
    long_box = struct.pack(">I4sQ", 1, b"mdat", 16 + 100) + bytes(100)
    to_the_end = box(b"mdat", bytes(50), claimed=0)
    for ending in (long_box, to_the_end, b"\0\0", box(b"\1\2\3\4", bytes(9)), box(b"\xa9xyz"), box(b"free", claimed=5)):
        extent = size_of(whole + ending, chunks.mp4_extent)
        assert extent is not None
        assert not extent.is_cut
    for cut in (whole[:-1], whole[:40], box(b"ftyp") + box(b"mdat", bytes(9)), long_box[:-1]):
        extent = size_of(cut, chunks.mp4_extent)
        assert extent is not None
        assert extent.is_cut


def test_mp4_timescales() -> None:
    def timescale(*boxes: bytes) -> int | None:
        data = box(b"ftyp") + box(b"moov", b"".join(boxes))
        return chunks.mp4_timescale(io.BytesIO(data), len(data))

    assert timescale(box(b"free"), box(b"mvhd", bytes(12) + struct.pack(">I", 600) + bytes(80))) == 600
    assert timescale(box(b"mvhd", b"\1" + bytes(19) + struct.pack(">I", 44100) + bytes(80))) == 44100
    assert timescale(box(b"mvhd", bytes(100))) is None
    assert timescale(box(b"trak")) is None
    assert chunks.mp4_timescale(io.BytesIO(box(b"ftyp")), 8) is None


def test_matroska_extents() -> None:
    head = b"\x1a\x45\xdf\xa3\x84abcd"
    segment = b"\x18\x53\x80\x67"
    assert size_of(head + segment + b"\xa0" + bytes(32), chunks.ebml_extent) == Extent(46, 46)
    cut = size_of(head + segment + b"\x40\x64" + bytes(32), chunks.ebml_extent)
    assert cut is not None
    assert cut.is_cut
    for open_ended in (b"\xff", b"\x01" + b"\xff" * 7, b"", b"\0"):
        assert size_of(head + segment + open_ended, chunks.ebml_extent) is None
    assert size_of(b"\xec\x80" * 10, chunks.ebml_extent) is None


def test_wma_extents() -> None:
    def header(size: int, flags: int, count: int = 2) -> bytes:
        other = bytes(16) + struct.pack("<Q", 40) + bytes(16)
        properties = chunks._ASF_FILE + struct.pack("<Q", 104) + bytes(16) + struct.pack("<Q", size)
        properties += bytes(40) + struct.pack("<I", flags) + bytes(12)
        return chunks._ASF_HEADER + struct.pack("<QIH", 300, count, 0x0201) + other + properties

    data = header(1000, 2)
    assert size_of(data, chunks.asf_extent) == Extent(1000, len(data))
    assert size_of(header(1000, 3), chunks.asf_extent) is None
    assert size_of(header(1000, 2, count=1), chunks.asf_extent) is None
    assert size_of(bytes(100), chunks.asf_extent) is None


def test_the_number_of_chunks_that_are_looked_at_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "_MOST_CHUNKS", 2)
    assert size_of(riff((b"JUNK" + bytes(4)) * 3 + b"data" + bytes(4)), chunks.riff_extent) is None
    assert size_of(bytes(40) + (bytes(16) + struct.pack("<Q", 24)) * 5, chunks.w64_extent) is None
    assert size_of(bytes(8) + (b"free" + bytes(8)) * 5, chunks.caf_extent) is None
    assert size_of(box(b"moov") * 5, chunks.mp4_extent) == Extent(16, 16)
    assert size_of(b"\xec\x80" * 10, chunks.ebml_extent) is None
