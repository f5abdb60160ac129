"""What the pages of an Ogg file tell, each built by hand from its specification."""

import struct

import pytest

from small_dataset_audio.audio.containers import ogg


def page(
    body: bytes, serial: int = 7, number: int = 0, flags: int = 0, position: int = 0, lacing: bytes | None = None
) -> bytes:
    lacing = bytes([len(body)]) if lacing is None else lacing
    head = b"OggS\0" + struct.pack("<BQIII", flags, position, serial, number, 0) + bytes([len(lacing)]) + lacing
    data = bytearray(head + body)
    struct.pack_into("<I", data, 22, slow_checksum(bytes(data)))
    return bytes(data)


def slow_checksum(data: bytes) -> int:
    """Return the CRC of RFC 3533 bit by bit, as it is written there."""
    register = 0
    for byte in data:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1 ^ (0x04C11DB7 if register & 0x80000000 else 0)) & 0xFFFFFFFF
    return register


VORBIS = b"\x01vorbis" + struct.pack("<IBI", 0, 2, 44100) + bytes(14)
OPUS = b"OpusHead" + struct.pack("<BBHI", 1, 2, 312, 44100) + bytes(3)
FLAC = b"\x7fFLAC\1\0\0\1fLaC\0\0\0\x22" + bytes(10) + (44100 << 44 | 1 << 41).to_bytes(8, "big") + bytes(16)
SPEEX = b"Speex   " + bytes(28) + struct.pack("<IIII", 16000, 4, 0, 1)


@pytest.mark.parametrize(
    ("head", "codec", "rate", "channels", "samples"),
    [
        (VORBIS, "vorbis", 44100, 2, 1000),
        (OPUS, "opus", 48000, 2, 688),
        (FLAC, "flac", 44100, 2, 1000),
        (SPEEX, "speex", 16000, 1, 1000),
    ],
)
def test_ogg_streams(head: bytes, codec: str, rate: int, channels: int, samples: int) -> None:
    found = ogg.examine(page(head, flags=2) + page(b"sound", number=1, flags=4, position=1000))
    (stream,) = found.streams
    assert (stream.codec, stream.rate, stream.channels, found.samples) == (codec, rate, channels, samples)
    assert stream.ended
    assert not (found.ends_cut)
    assert not (found.damaged_pages)
    assert not (found.mixed)
    assert not (stream.lost_pages)
    assert found.is_vorbis == (codec == "vorbis")


def test_what_ogg_pages_tell_of_damage() -> None:
    whole = page(VORBIS, flags=2) + page(b"a", number=1, position=500) + page(b"b", number=2, flags=4, position=1000)
    assert ogg.examine(whole[:-1]).ends_cut
    assert ogg.examine(whole[:-20]).ends_cut
    changed = bytearray(whole)
    changed[-1] ^= 1
    assert ogg.examine(bytes(changed)).damaged_pages == 1
    without = page(VORBIS, flags=2) + page(b"b", number=2, flags=4, position=1000)
    assert ogg.examine(without).streams[0].lost_pages == 1
    assert not ogg.examine(page(VORBIS, flags=2) + page(b"a", number=1, position=500)).streams[0].ended


def test_an_ogg_file_cut_out_of_a_broadcast_declares_no_length() -> None:
    found = ogg.examine(page(VORBIS, flags=2) + page(b"a", number=1, flags=4, position=10**9))
    assert found.samples is None


def test_ogg_positions_that_say_nothing_are_passed_over() -> None:
    nothing = 0xFFFFFFFFFFFFFFFF
    data = page(VORBIS, flags=2) + page(b"a", number=1, position=nothing) + page(b"b", number=2, flags=4, position=9)
    assert ogg.examine(data).samples == 9
    assert ogg.examine(page(VORBIS, flags=2)).samples is None


def test_ogg_streams_beside_and_behind_each_other() -> None:
    def stream(serial: int, *, ends: bool = True) -> bytes:
        return page(VORBIS, serial, flags=2) + page(b"a", serial, 1, 4 if ends else 0, 500)

    behind = ogg.examine(stream(1) + stream(2))
    assert (behind.samples, behind.mixed, behind.is_vorbis) == (1000, False, True)
    beside = ogg.examine(stream(1, ends=False) + stream(2))
    assert (beside.mixed, beside.is_vorbis) == (True, False)
    rates = ogg.examine(stream(1) + page(OPUS, 2, flags=2) + page(b"a", 2, 1, 4, 500))
    assert rates.samples is None
    other = ogg.examine(page(b"fishead\0", 3, flags=2) + stream(1) + page(b"skeleton", 3, 1, 4))
    assert len(other.streams) == 1
    assert ogg.examine(b"").samples is None


def test_the_orders_of_channels_undo_each_other() -> None:
    for channels, order in ogg.VORBIS_ORDER.items():
        assert sorted(order) == list(range(channels))
        assert [order[place] for place in ogg.WAVE_ORDER[channels]] == list(range(channels))
