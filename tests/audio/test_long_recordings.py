"""A recording that is too long for memory decodes to the same samples, on disk."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.decode import decode
from small_dataset_audio.audio.spool import Scratch, folder_of
from small_dataset_audio.errors import StoreError, TruncatedAudio
from support.audio_files import RATE, SUFFIXES, music, write


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_decodes_to_the_same_samples(tmp_path: Path, suffix: str) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    rate = 48000 if suffix in {".opus", ".weba"} else RATE
    file = write(tmp_path / f"music{suffix}", music(rate=rate), rate)
    held, laid_out = decode(file), decode(file, scratch=Scratch(scratch, 0))
    assert folder_of(laid_out.samples) == scratch
    assert (laid_out.rate, laid_out.seconds, laid_out.channels) == (held.rate, held.seconds, held.channels)
    np.testing.assert_array_equal(laid_out.samples, held.samples)
    assert list(scratch.iterdir()) == []


def test_a_short_recording_stays_in_memory(tmp_path: Path) -> None:
    file = write(tmp_path / "music.wav", music())
    assert folder_of(decode(file, scratch=Scratch(tmp_path)).samples) is None


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".m4a"])
def test_a_full_disk_is_named_as_what_it_is(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    file = write(tmp_path / f"music{suffix}", music())

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StoreError) as caught:
        decode(file, scratch=Scratch(scratch, 0))
    assert str(scratch) in caught.value.what
    assert "Free space" in caught.value.fix
    assert list(scratch.iterdir()) == []


def test_a_cut_file_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "scratch", 0)
    scratch.folder.mkdir()
    file = write(tmp_path / "music.flac", music())
    file.write_bytes(file.read_bytes()[:-5000])
    with pytest.raises(TruncatedAudio):
        decode(file, scratch=scratch)
    allowed = decode(file, allow_truncated=True, scratch=scratch)
    assert allowed.truncated
    np.testing.assert_array_equal(allowed.samples, decode(file, allow_truncated=True).samples)
    assert list(scratch.folder.iterdir()) == []
