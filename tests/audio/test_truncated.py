"""A recording that is cut or damaged is noticed, in every format; one that is in order never is."""

import functools
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.decode import decode
from small_dataset_audio.errors import TruncatedAudio
from support.audio_files import RATE, SUFFIXES, damage, make, music, truncate, write, write_by_ffmpeg

NO_CHECKSUM = (".wav", ".rf64", ".w64", ".aiff", ".caf", ".au")
"""Formats in which a changed sample is a sample like any other."""


@functools.cache
def content(maker: Callable[[Path], object], name: str) -> bytes:
    """Return what ``maker`` writes into a file of that name; encoding is the slow part of these tests."""
    with tempfile.TemporaryDirectory() as folder:
        maker(Path(folder) / name)
        return (Path(folder) / name).read_bytes()


def write_full(path: Path) -> None:
    rate = 48000 if path.suffix in (".opus", ".weba") else RATE
    seconds = 4.0 if path.suffix == ".opus" else 2.0  # its pages hold a second
    write(path, music(seconds, rate), rate)


def full(tmp_path: Path, suffix: str) -> Path:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content(write_full, path.name))
    return path


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_cut_file_is_an_error_unless_it_is_allowed(tmp_path: Path, suffix: str, share: float) -> None:
    path = full(tmp_path, suffix)
    whole = decode(path)
    truncate(path, share)
    with pytest.raises(TruncatedAudio) as caught:
        decode(path)
    assert "allow" in caught.value.fix
    if suffix == ".m4a":
        return  # the index comes last here: see test_mp4
    part = decode(path, allow_truncated=True)
    assert part.truncated
    assert part.rate == whole.rate
    count = part.samples.shape[1]
    assert 0 < count < whole.samples.shape[1]
    sure = max(1, count - 4096)  # the last frame before the cut may differ
    np.testing.assert_allclose(part.samples[:, :sure], whole.samples[:, :sure], atol=1e-6)


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix not in (".mp2", ".aac")])
def test_losing_the_last_bytes_is_noticed(tmp_path: Path, suffix: str) -> None:
    path = full(tmp_path, suffix)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(TruncatedAudio):
        decode(path)


@pytest.mark.parametrize("share", [0.4, 0.7])
def test_an_m4a_with_its_index_first(tmp_path: Path, share: float) -> None:
    path = write_by_ffmpeg(
        tmp_path / "a.m4a", music(2.0), RATE, "aac", muxer="mp4", muxer_options={"movflags": "faststart"}
    )
    whole = decode(path)
    truncate(path, share)
    with pytest.raises(TruncatedAudio):
        decode(path)
    part = decode(path, allow_truncated=True)
    assert part.truncated
    sure = part.samples.shape[1] - 4096
    assert sure > 10_000
    np.testing.assert_allclose(part.samples[:, :sure], whole.samples[:, :sure], atol=1e-6)


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix not in NO_CHECKSUM])
def test_damage_on_the_way_is_noticed(tmp_path: Path, suffix: str) -> None:
    path = damage(full(tmp_path, suffix), length=1200)
    with pytest.raises(TruncatedAudio):
        decode(path)
    part = decode(path, allow_truncated=True)
    assert part.truncated
    assert part.seconds > 0.5


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", ["music", "short", "mono", "silence"])
def test_files_in_order_are_never_called_truncated(tmp_path: Path, suffix: str, kind: str) -> None:
    path = full(tmp_path, suffix) if suffix in (".opus", ".weba") else make(tmp_path / f"a{suffix}", kind)
    assert not decode(path).truncated
    assert not decode(path, allow_truncated=True).truncated


def plain(path: Path) -> None:
    write_by_ffmpeg(path, music(1.5), RATE, "libmp3lame")


def vbr(path: Path) -> None:
    write_by_ffmpeg(path, music(1.5), RATE, "libmp3lame", quality="2")


def without_xing(path: Path) -> None:
    write_by_ffmpeg(path, music(1.5), RATE, "libmp3lame", muxer_options={"write_xing": "0", "id3v2_version": "0"})


def tagged(path: Path) -> None:
    write_by_ffmpeg(path, music(1.5), RATE, "libmp3lame", muxer_options={"write_id3v1": "1"})


APE = b"APETAGEX" + (2000).to_bytes(4, "little") + (24).to_bytes(4, "little") + (0).to_bytes(4, "little") + bytes(8)
ID3V1 = b"TAG" + b"Title".ljust(125, b"\0")
LYRICS3 = b"LYRICSBEGIN" + b"EAL00005Album" + b"000024" + b"LYRICS200"
ID3V2 = b"ID3\4\0\0\0\0\x10\0" + b"\xff\xfb\x90\0" * 512
"""A tag of 2048 bytes whose content resembles frame headers, as embedded pictures do."""


@pytest.mark.parametrize("make_mp3", [plain, vbr, without_xing, tagged])
@pytest.mark.parametrize("tail", [b"", ID3V1, APE, APE + ID3V1, LYRICS3 + ID3V1, bytes(500), ID3V2])
@pytest.mark.parametrize("head", [b"", ID3V2])
def test_tags_around_an_mp3_change_nothing(
    tmp_path: Path, make_mp3: Callable[[Path], None], tail: bytes, head: bytes
) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content(make_mp3, "a.mp3"))
    expected = decode(path).samples
    path.write_bytes(head + path.read_bytes() + tail)
    np.testing.assert_array_equal(decode(path).samples, expected)


@pytest.mark.parametrize("make_mp3", [plain, vbr, without_xing, tagged])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.97])
def test_any_cut_mp3_is_noticed(tmp_path: Path, make_mp3: Callable[[Path], None], share: float) -> None:
    path = tmp_path / "a.mp3"
    data = content(make_mp3, "a.mp3")
    path.write_bytes(data[:-128] if make_mp3 is tagged else data)
    truncate(path, share)
    with pytest.raises(TruncatedAudio):
        decode(path)
    assert decode(path, allow_truncated=True).truncated


def test_an_mp3_cut_exactly_between_two_frames_is_noticed_by_its_declared_length(tmp_path: Path) -> None:
    from small_dataset_audio.audio.containers.mpeg import mpeg_header, spans

    path = tmp_path / "a.mp3"
    plain(path)
    data = path.read_bytes()
    starts = [start for start, _ in spans(data, mpeg_header)]
    for frames in (1, 2, 10):
        path.write_bytes(data[: starts[-frames]])
        with pytest.raises(TruncatedAudio, match="declares"):
            decode(path)


def test_two_mp3_files_in_one_are_decoded_to_the_end(tmp_path: Path) -> None:
    for make_mp3 in (plain, without_xing):
        path = tmp_path / "a.mp3"
        make_mp3(path)
        once = decode(path)
        path.write_bytes(path.read_bytes() * 2)
        twice = decode(path)
        assert not twice.truncated
        assert twice.seconds == pytest.approx(2 * once.seconds, abs=0.1)
        sure = once.samples.shape[1] - 2000
        np.testing.assert_allclose(twice.samples[:, :sure], once.samples[:, :sure], atol=1e-6)


def test_an_ogg_file_without_its_last_page_is_noticed(tmp_path: Path) -> None:
    path = full(tmp_path, ".ogg")
    data = path.read_bytes()
    path.write_bytes(data[: data.rfind(b"OggS")])
    with pytest.raises(TruncatedAudio, match="not marked as the last"):
        decode(path)


def test_an_ogg_file_without_a_page_is_noticed(tmp_path: Path) -> None:
    path = full(tmp_path, ".ogg")
    data = path.read_bytes()
    last = data.rfind(b"OggS")
    before = data.rfind(b"OggS", 0, last)
    path.write_bytes(data[:before] + data[last:])
    with pytest.raises(TruncatedAudio, match="missing or damaged: 1"):
        decode(path)


@pytest.mark.parametrize("allow", [True, False])
def test_nothing_at_all_is_left_of_it(tmp_path: Path, allow: bool) -> None:  # noqa: FBT001 - a parameter of the test
    path = write(tmp_path / "a.wav", music(0.5))
    path.write_bytes(path.read_bytes()[:44])
    with pytest.raises(TruncatedAudio):
        decode(path, allow_truncated=allow)


def test_a_flac_whose_salvage_fails_too_gives_what_came_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from small_dataset_audio.audio import faults
    from small_dataset_audio.audio.decoders import ffmpeg

    path = truncate(write(tmp_path / "a.flac", music(8.0)), 0.7)

    def refuse(*_: object) -> None:
        raise faults.damaged(path)

    more = decode(path, allow_truncated=True)
    monkeypatch.setattr(ffmpeg, "read_container", refuse)
    less = decode(path, allow_truncated=True)
    assert 0 < less.samples.shape[1] < more.samples.shape[1]


def test_no_library_writes_to_the_terminal(tmp_path: Path) -> None:
    """libsndfile's MP3 decoder and FFmpeg both have remarks about such files."""
    paths = []
    for suffix in SUFFIXES:
        (tmp_path / "cut").mkdir(exist_ok=True)
        (tmp_path / "damaged").mkdir(exist_ok=True)
        paths += [truncate(full(tmp_path / "cut", suffix)), damage(full(tmp_path / "damaged", suffix), length=2000)]
    (tmp_path / "wav").mkdir()
    paths.append(truncate(write_by_ffmpeg(tmp_path / "wav" / "a.wav", music(2.0), RATE, "libmp3lame")))
    code = """
import pathlib, sys
from small_dataset_audio.audio.decode import decode, probe
from small_dataset_audio.errors import AudioError
for name in sys.argv[1:]:
    for ask in (decode, probe, lambda path: decode(path, allow_truncated=True)):
        try:
            ask(pathlib.Path(name))
        except AudioError:
            pass
"""
    done = subprocess.run([sys.executable, "-c", code, *map(str, paths)], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
