"""A file is read in pieces, whatever its size, and tells the same as when all of it is in memory."""

import errno
import io
import os
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.containers import mpeg, ogg, tags, window
from small_dataset_audio.audio.containers.window import Window
from small_dataset_audio.audio.decode import decode, probe
from small_dataset_audio.audio.decoders import ffmpeg, sndfile
from small_dataset_audio.audio.decoders.source import Source
from small_dataset_audio.audio.formats import Format, identify
from small_dataset_audio.audio.plans import Plan, plan
from small_dataset_audio.errors import AudioError, TruncatedAudio
from support.audio_files import RATE, SUFFIXES, music, write, write_by_ffmpeg

FRAME = (b"\xff\xfb\x90\x00" + bytes(413))[:417]
"""A frame of MP3, 128 kbit/s at 44.1 kHz."""


class Opened(io.BytesIO):
    """A file that counts how much is asked for at once."""

    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.largest = max(self.largest, size or 0)
        return super().read(size)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pieces so small that everything lies across their borders."""
    monkeypatch.setattr(window, "PIECE", 61)
    monkeypatch.setattr(window, "BEHIND", 13)


def seen(data: bytes) -> Window:
    return Window(io.BytesIO(data), Path("a"))


@given(
    data=st.text("abc", max_size=300).map(str.encode),
    what=st.text("abc", min_size=1, max_size=5).map(str.encode),
    start=st.integers(0, 320),
    stop=st.integers(0, 320),
)
def test_a_window_answers_like_the_bytes(data: bytes, what: bytes, start: int, stop: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "PIECE", 17)
        patch.setattr(window, "BEHIND", 3)
        view = seen(data)
        assert len(view) == len(data)
        assert view[start:stop] == data[start:stop]
        assert view.find(what, start, stop) == data.find(what, start, stop)
        assert view.find(what) == data.find(what)
        assert view.startswith(what, start) == data.startswith(what, start)


STUFF = st.sampled_from(
    (
        FRAME,
        FRAME[:200],
        b"\xff\xf1\x50\x80\x06\x5f\xfc" + bytes(43),
        b"\xff" * 9,
        b"junk" * 20,
        b"TAG" + bytes(125),
        b"ID3\3\0\0\0\0\0\5" + bytes(5),
        b"APETAGEX" + (2000).to_bytes(4, "little") + (24).to_bytes(4, "little") + bytes(16),
        b"LYRICSBEGIN" + bytes(100) + b"000111LYRICS200",
        b"OggS\0\2" + bytes(20) + b"\1\x1e\1vorbis" + bytes(23),
        b"OggS\0\4" + bytes(20) + b"\2\xff\x10" + bytes(271),
    )
)


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(st.one_of(STUFF, st.binary(max_size=40)), max_size=12))
def test_frames_tags_and_pages_are_found_across_the_borders_of_pieces(parts: list[bytes]) -> None:
    data = b"".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "PIECE", 61)
        patch.setattr(window, "BEHIND", 13)
        for parse in (mpeg.mpeg_header, mpeg.adts_header):
            found = mpeg.walk(seen(data), parse)
            assert found == mpeg.walk(data, parse)
            frames = list(mpeg.spans(seen(data), parse))
            assert frames == list(mpeg.spans(data, parse))
            if found is not None:
                assert found.frames == len(frames)
                assert found.framed_bytes == sum(length for _, length in frames)
                assert found.audio_bytes == (sum(frames[-1]) - frames[0][0] if frames else 0)
                if found.frames:
                    assert mpeg.declared(seen(data), found) == mpeg.declared(data, found)
        assert list(ogg.pages(seen(data))) == list(ogg.pages(data))
        assert ogg.examine(seen(data)) == ogg.examine(data)
        assert tags.end_of_audio(seen(data)) == tags.end_of_audio(data)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("suffix", [".mp3", ".aac", ".mp2", ".ogg", ".opus"])
@pytest.mark.parametrize("kind", ["whole", "cut", "damaged"])
def test_no_sample_depends_on_the_size_of_the_pieces(
    tmp_path: Path, suffix: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = 48000 if suffix == ".opus" else RATE
    file = write(tmp_path / f"music{suffix}", music(2.0, rate), rate)
    data = bytearray(file.read_bytes())
    if kind == "damaged":
        data[len(data) // 2 : len(data) // 2 + 300] = bytes(300)
    file.write_bytes(data[: len(data) * 2 // 3] if kind == "cut" else data)
    small_pieces = decode(file, allow_truncated=True)
    lack = plan(file, identify(file)).lack
    monkeypatch.setattr(window, "PIECE", 1 << 30)
    at_once = decode(file, allow_truncated=True)
    assert plan(file, identify(file)).lack == lack
    assert (small_pieces.rate, small_pieces.truncated) == (at_once.rate, at_once.truncated)
    np.testing.assert_array_equal(small_pieces.samples, at_once.samples)


def test_a_window_holds_one_piece() -> None:
    file = Opened(FRAME * 20_000)
    found = mpeg.walk(Window(file, Path("a")), mpeg.mpeg_header)
    assert found is not None
    assert (found.frames, found.audio_bytes) == (20_000, 20_000 * len(FRAME))
    assert file.largest <= window.PIECE + window.BEHIND


@pytest.mark.parametrize("repeated", [FRAME, b"TAG" + bytes(125)])
def test_the_memory_of_looking_at_a_file_does_not_grow_with_it(tmp_path: Path, repeated: bytes) -> None:
    file = tmp_path / "long.mp3"
    file.write_bytes(FRAME * 4 + repeated * (4_000_000 // len(repeated)))
    tracemalloc.start()
    try:
        kind = identify(file)
        facts = plan(file, kind)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert facts.read is not None
    assert peak < 4 * window.PIECE


def test_a_tag_without_an_end_is_not_looked_for_to_the_end_of_the_file() -> None:
    file = Opened(b"LYRICSBEGIN" + bytes(5_000_000) + b"LYRICS200")
    assert tags.tag_length(Window(file, Path("a")), 0) == 0
    assert file.tell() < 2_000_000


def test_a_file_that_becomes_shorter_meanwhile_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.mp3"
    file.write_bytes(FRAME * 4000)
    with file.open("rb") as opened:
        view = Window(opened, file)
        assert view[:4] == FRAME[:4]
        file.write_bytes(FRAME)
        with pytest.raises(AudioError, match="changed while it was read"):
            view.find(b"nowhere", 0, len(view))


def grow(file: Path) -> None:
    with file.open("ab") as out:
        out.write(bytes(100))


def replace(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(file.read_bytes()[:-1] + b"!")
    os.utime(other, ns=(1, file.stat().st_mtime_ns - 1))
    other.replace(file)


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus"])
@pytest.mark.parametrize("change", [grow, replace, cut])
def test_a_file_that_changes_while_it_is_decoded_is_refused(
    tmp_path: Path, suffix: str, change: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = 48000 if suffix == ".opus" else RATE
    file = write(tmp_path / f"music{suffix}", music(0.5, rate), rate)

    def and_changed(path: Path, kind: Format) -> Plan:
        way = plan(path, kind)
        change(path)
        return way

    monkeypatch.setattr("small_dataset_audio.audio.decode.plan", and_changed)
    for allow in (False, True):
        with pytest.raises(AudioError, match="changed while it was read") as caught:
            decode(file, allow_truncated=allow)
        assert not isinstance(caught.value, TruncatedAudio)
        assert "Another program" in caught.value.why


def test_an_error_of_a_file_that_stays_as_it_is_stays_as_it_is(tmp_path: Path) -> None:
    file = write(tmp_path / "music.flac", music(0.5))
    file.write_bytes(file.read_bytes()[:-3000])
    with pytest.raises(TruncatedAudio):
        decode(file)


def chained(folder: Path) -> Iterator[Path]:
    for number, frequency in enumerate((0.5, 0.7, 0.3)):
        yield write(folder / f"{number}.ogg", music(frequency))


def test_the_parts_of_a_chained_file_are_read_where_they_lie(tmp_path: Path) -> None:
    files = list(chained(tmp_path))
    both = tmp_path / "all.ogg"
    both.write_bytes(b"".join(file.read_bytes() for file in files))
    expected = np.concatenate([decode(file).samples for file in files], axis=1)
    np.testing.assert_array_equal(decode(both).samples, expected)
    assert probe(both).seconds == pytest.approx(1.5)


def test_a_part_of_a_file_is_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    with Source(path, 2, 6) as part:
        assert part.readable()
        assert part.seekable()
        assert part.read(100) == b"2345"
        assert part.read(1) == b""
        assert part.seek(-1, io.SEEK_END) == 3
        assert part.tell() == 3
        assert part.read() == b"5"
        assert part.seek(-3, io.SEEK_CUR) == 1
        assert part.read(2) == b"34"
        assert part.seek(50) == 50
        assert part.read(1) == b""
    with Source(path) as whole:
        assert whole.read() == b"0123456789"


def test_a_source_raises_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    with Source(path) as source:
        assert source.seek(-5) == -1
        assert source.seek(1 << 70) == -1
        assert source.seek(0, 65536) == -1
        assert source.seek(1) == 1
        assert source.read(9) == b"bc"
        number = source._file.fileno()
        os.close(number)
        assert source.seek(0) == 0
        assert source.read(9) == b""
        assert source.failure is not None
        assert source.failure.errno == errno.EBADF
        again = os.open(path, os.O_RDONLY)  # give the number back, for the file to be closed
        if again != number:
            os.dup2(again, number)
            os.close(again)


@pytest.mark.parametrize(("suffix", "reader"), [(".m4a", ffmpeg), (".opus", ffmpeg), (".ogg", sndfile)])
def test_a_disk_that_fails_while_a_decoder_reads(
    tmp_path: Path, suffix: str, reader: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = 48000 if suffix == ".opus" else RATE
    path = write(tmp_path / f"a{suffix}", music(1.0, rate), rate)

    class Failing(Source):
        def readinto(self, room: object, /) -> int:
            self.failure = OSError(errno.EIO, os.strerror(errno.EIO))
            return 0

    monkeypatch.setattr(reader, "Source", Failing)
    with pytest.raises(AudioError, match="Could not read") as caught:
        decode(path)
    assert "disk" in caught.value.fix


def test_every_format_that_was_read_whole_is_among_those_tested() -> None:
    assert {".mp3", ".mp2", ".aac", ".ogg", ".opus"} <= set(SUFFIXES)


def test_a_long_stream_of_frames_is_decoded_frame_by_frame(tmp_path: Path) -> None:
    once = tmp_path / "once.mp3"
    write_by_ffmpeg(once, music(0.5), RATE, "libmp3lame", muxer_options={"write_xing": "0", "id3v2_version": "0"})
    many = tmp_path / "many.mp3"
    many.write_bytes(once.read_bytes() * 40)
    clip = decode(many)
    assert not clip.truncated
    assert clip.seconds == pytest.approx(40 * decode(once).seconds)
