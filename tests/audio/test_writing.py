"""Files written block by block: the same bytes as at once, in constant memory, whole or not at all."""

import errno
import io
import logging
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio import encode as encode_module
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.audio.encode import encode, require_writable, writing
from small_dataset_audio.errors import AudioError, StoreError
from support.audio_files import RATE, music
from support.signals import noise, silence


@pytest.mark.parametrize("suffix", [".flac", ".wav", ".ogg", ".mp3"])
def test_blocks_give_the_same_sound_as_the_whole(tmp_path: Path, suffix: str) -> None:
    samples = music(2.0)
    encode(tmp_path / f"whole{suffix}", samples, RATE)
    with writing(tmp_path / f"blocks{suffix}", RATE, 2) as writer:
        for start in range(0, samples.shape[1], 4321):
            writer.write(samples[:, start : start + 4321])
    whole, blocks = (decode(tmp_path / f"{name}{suffix}").samples for name in ("whole", "blocks"))
    assert blocks.shape == samples.shape
    if suffix in {".flac", ".wav"}:
        np.testing.assert_array_equal(blocks, samples if suffix == ".wav" else whole)
    assert float(np.sqrt(np.mean((blocks - whole) ** 2))) < 1e-3  # Vorbis looks at the first block to begin with


def test_clipped_samples_are_counted_over_all_blocks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loud = np.full((2, 10), 1.5, dtype=np.float32)
    with caplog.at_level(logging.WARNING), writing(tmp_path / "a.flac", RATE, 2) as writer:
        writer.write(loud)
        writer.write(0.1 * loud)
        writer.write(loud)
    assert writer.clipped == 40
    assert "40 of 60 samples" in caplog.text
    assert np.abs(decode(tmp_path / "a.flac").samples).max() <= 1


def test_a_long_file_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    block = silence(1.0, RATE, channels=2)
    peaks = []
    for count in (2, 60):
        tracemalloc.start()
        with writing(tmp_path / "a.wav", RATE, 2) as writer:
            for _ in range(count):
                writer.write(block)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert decode(tmp_path / "a.wav").seconds == 60
    assert peaks[1] < 1.2 * peaks[0]


def _write_and_fail(path: Path) -> None:
    with writing(path, RATE, 2) as writer:
        writer.write(music(0.1))
        raise KeyError


def test_an_error_of_the_caller_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    encode(path, music(0.1), RATE)
    before = path.read_bytes()
    with pytest.raises(KeyError):
        _write_and_fail(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "subtype", "why"),
    [
        ("a.opus", None, "not written block by block"),
        ("a.flac", "FLOAT", "does not store"),
        ("a.xyz", None, "does not write files"),
    ],
)
def test_formats_that_are_refused(tmp_path: Path, name: str, subtype: str | None, why: str) -> None:
    with pytest.raises(AudioError, match=why), writing(tmp_path / name, RATE, 2, subtype=subtype):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_can_be_written_is_known_before_it_is_made(tmp_path: Path) -> None:
    require_writable(tmp_path / "a.mp3", 44100, 2)
    require_writable(tmp_path / "a.flac", 192_000, 8)
    for name, rate, channels in (("a.mp3", 96_000, 2), ("a.mp3", 44100, 6), ("a.flac", 44100, 9), ("a.opus", 48000, 2)):
        with pytest.raises(AudioError):
            require_writable(tmp_path / name, rate, channels)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (np.zeros((1, 9), dtype=np.float32), "no block of a file with 2 channels"),
        (np.zeros(9, dtype=np.float32), "no block of a file with 2 channels"),
        (np.full((2, 9), np.nan, dtype=np.float32), "NaN"),
    ],
)
def test_blocks_that_are_refused(tmp_path: Path, block: np.ndarray, why: str) -> None:
    with pytest.raises(AudioError, match=why), writing(tmp_path / "a.flac", RATE, 2) as writer:
        writer.write(block)
    assert list(tmp_path.iterdir()) == []


def test_nothing_written_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no samples"), writing(tmp_path / "a.flac", RATE, 2):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("subtype", [None, "PCM_16", "PCM_24", "DOUBLE"])
def test_a_wav_that_outgrows_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subtype: str | None) -> None:
    width = {None: 4, "PCM_16": 2, "PCM_24": 3, "DOUBLE": 8}[subtype]
    monkeypatch.setattr(encode_module, "_LARGEST_WAV", 200 * width)
    block = np.zeros((2, 50), dtype=np.float32)
    with writing(tmp_path / "a.wav", RATE, 2, subtype=subtype) as writer:
        writer.write(block)
        writer.write(block)
        with pytest.raises(AudioError, match="4 GiB"):
            writer.write(block)


class FullDisk(io.FileIO):
    """A file on a disk that takes some bytes and no more."""

    room = 20_000

    def write(self, data: object) -> int:
        size = len(memoryview(data).cast("B"))  # type: ignore[arg-type]
        if self.tell() + size > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", [".flac", ".wav", ".ogg", ".mp3"])
def test_a_disk_that_fills_up_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    encode(path, music(0.1), RATE)
    before = path.read_bytes()
    monkeypatch.setattr(Path, "open", lambda self, mode: FullDisk(self, mode.replace("b", "")))
    with pytest.raises(StoreError, match="space"):
        encode(path, noise(20, RATE, channels=2), RATE)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


class BrokenDisk:
    """A file that takes what is written and fails at everything else."""

    def write(self, data: bytes) -> int:
        return len(data)

    def seek(self, _offset: int, _whence: int = 0) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def tell(self) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def _write_and_break(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing(path, RATE, 2) as writer:
        writer.write(music(0.1))
        monkeypatch.setattr(writer._sink, "_file", BrokenDisk())


def test_a_disk_that_fails_only_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError):
        _write_and_break(tmp_path / "a.wav", monkeypatch)
    assert list(tmp_path.iterdir()) == []


def test_opus_is_clipped_and_refuses_what_is_no_number(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert encode(tmp_path / "a.opus", np.full((1, 4800), 1.5, dtype=np.float32), 48000) == 4800
    assert "4800 of 4800" in caplog.text
    with pytest.raises(AudioError, match="NaN"):
        encode(tmp_path / "b.opus", np.full((1, 4800), np.nan, dtype=np.float32), 48000)
