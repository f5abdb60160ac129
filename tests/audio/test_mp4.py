"""MP4 files: edit lists, iTunes' tag, fragments, an index at the front, tags in odd encodings."""

import struct
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.decode import decode, probe
from small_dataset_audio.errors import NotAudio, TruncatedAudio
from support.audio_files import RATE, Signal, music, write, write_by_ffmpeg

SAMPLES = music(2.0)
DELAY = 1024  # of FFmpeg's AAC encoder


def m4a(path: Path, **options: str) -> bytearray:
    return bytearray(write_by_ffmpeg(path, SAMPLES, RATE, "aac", muxer="mp4", muxer_options=options).read_bytes())


def set_edit(data: bytearray, milliseconds: int, media_start: int) -> None:
    at = data.find(b"elst")
    struct.pack_into(">Ii", data, at + 12, milliseconds, media_start)


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


def add_itunes_tag(data: bytearray, name: bytes, text: bytes) -> None:
    """Add a free-form tag to the list of tags, the last thing in the file."""
    tag = box(
        b"----",
        box(b"mean", b"\0\0\0\0com.apple.iTunes")
        + box(b"name", b"\0\0\0\0" + name)
        + box(b"data", struct.pack(">II", 1, 0) + text),
    )
    assert data.find(b"moov") > data.find(b"mdat"), "offsets into mdat would have to move"
    for parent in (b"moov", b"udta", b"meta", b"ilst"):
        at = data.rfind(parent) - 4
        struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + len(tag))
    data += tag


def error(decoded: Signal, start: int = 0) -> float:
    """Return the RMS difference from the original, from its sample ``start`` on."""
    return float(np.sqrt(np.mean((decoded - SAMPLES[:, start : start + decoded.shape[1]]) ** 2)))


@pytest.mark.parametrize("options", [{}, {"movflags": "faststart"}])
def test_the_index_may_come_first_or_last(tmp_path: Path, options: dict[str, str]) -> None:
    path = tmp_path / "a.m4a"
    m4a(path, **options)
    clip = decode(path)
    assert clip.samples.shape == SAMPLES.shape
    assert error(clip.samples) < 0.03


@pytest.mark.parametrize(("milliseconds", "start"), [(2000, 0), (1500, 0), (1000, 22050), (9000, 0)])
def test_the_edit_list_says_what_is_played(tmp_path: Path, milliseconds: int, start: int) -> None:
    path = tmp_path / "a.m4a"
    data = m4a(path)
    set_edit(data, milliseconds, DELAY + start)
    path.write_bytes(data)
    clip = decode(path)
    assert clip.samples.shape[1] == min(milliseconds * RATE // 1000, SAMPLES.shape[1])
    assert error(clip.samples, start) < 0.03


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
@pytest.mark.parametrize("extra", [1, 7, 15, 40])
def test_the_length_is_exact_though_the_edit_list_counts_in_milliseconds(tmp_path: Path, rate: int, extra: int) -> None:
    samples = music(0.5 + extra / rate, rate)
    assert decode(write(tmp_path / "a.m4a", samples, rate)).samples.shape == samples.shape


def test_itunes_tag_tells_delay_and_length_where_there_is_no_edit_list(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    data = m4a(path)
    at = data.find(b"edts")
    data[at : at + 4] = b"free"
    path.write_bytes(data)
    assert decode(path).samples.shape[1] > SAMPLES.shape[1]  # nothing tells the delay: it stays
    add_itunes_tag(data, b"iTunSMPB", b" 00000000 %08X 000002B9 %016X" % (DELAY, SAMPLES.shape[1]))
    path.write_bytes(data)
    clip = decode(path)
    assert clip.samples.shape == SAMPLES.shape
    assert error(clip.samples) < 0.03


@pytest.mark.parametrize("text", [b"nonsense", b" 00000000 0 0 zzzz", b" 00000000 00000400 00000000 0000000000000100"])
def test_an_itunes_tag_that_makes_no_sense_is_ignored(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "a.m4a"
    data = m4a(path)
    add_itunes_tag(data, b"iTunSMPB", text)
    path.write_bytes(data)
    assert decode(path).samples.shape == SAMPLES.shape


def test_tags_need_not_be_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    data = m4a(path)
    add_itunes_tag(data, b"comment", b"caf\xe9 \xff")
    path.write_bytes(data)
    assert decode(path).samples.shape == SAMPLES.shape


def test_a_fragmented_file(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    m4a(path, movflags="frag_keyframe+empty_moov+default_base_moof")
    clip = decode(path)
    assert clip.samples.shape[1] == pytest.approx(SAMPLES.shape[1], abs=2 * DELAY)
    assert not clip.truncated


def test_a_recording_that_was_never_finished_has_no_index(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    data = m4a(path)
    path.write_bytes(data[: data.find(b"moov") - 4])
    for allow in (False, True):
        with pytest.raises(TruncatedAudio, match="longer than"):
            decode(path, allow_truncated=allow)
    with pytest.raises(TruncatedAudio, match="nothing of it can be decoded"):
        probe(path)


def test_what_follows_the_boxes_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    path.write_bytes(m4a(path) + b"TAG" + bytes(125))
    assert decode(path).samples.shape == SAMPLES.shape


def test_an_mp4_without_audio(tmp_path: Path) -> None:
    import av

    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), dtype=np.uint8), format="rgb24")
        for data in (frame, None):
            for packet in stream.encode(data):
                container.mux(packet)
    for ask in (decode, probe):
        with pytest.raises(NotAudio, match="no audio stream"):
            ask(path)


def test_alac(tmp_path: Path) -> None:
    samples = (np.round(music(0.5) * 32768) / 32768).astype(np.float32)
    path = write_by_ffmpeg(tmp_path / "a.m4a", samples, RATE, "alac")
    np.testing.assert_array_equal(decode(path).samples, samples)
    assert probe(path).codec == "alac"


def test_a_container_whose_rate_is_unknown_to_the_header_is_not_confused_with_another(tmp_path: Path) -> None:
    clip = decode(write(tmp_path / "a.m4a", music(0.5, 48000), 48000))
    assert (clip.rate, clip.samples.shape) == (48000, (2, 24000))
