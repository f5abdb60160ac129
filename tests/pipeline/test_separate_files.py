"""Stems of recordings that are in no library: in a folder of their own, and not over what is there."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.decode import decode
from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import StoreError
from small_dataset_audio.models.separation.opening import open_separator
from small_dataset_audio.pipeline.separate_files import separate_file
from support.killed_stems import killed
from support.signals import clicks, noise, tone, write_audio

BEATS = np.arange(0.25, 2, 0.5)
DSP = Settings.model_validate({"separation": {"backend": "dsp"}, "pipeline": {"allow_truncated": True}})


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    mix = 0.5 * clicks(BEATS, 2) + 0.2 * tone(2, frequency=70) + 0.1 * tone(2, frequency=880)
    return write_audio(tmp_path / "My Tape.wav", mix, subtype="FLOAT")


def test_stems_in_a_folder_of_the_recordings_name(tmp_path: Path, recording: Path) -> None:
    found = separate_file(recording, tmp_path / "out", open_separator(DSP, "cpu"), DSP, force=False)
    assert found.folder == tmp_path / "out" / "My Tape"
    assert set(found.stems) == {"bass", "drums", "other"}
    total = sum(decode(path).samples for path in found.stems.values())
    np.testing.assert_allclose(total, decode(recording).samples, atol=1e-6)
    document = found.as_dict()
    assert document["stems"]["bass"] == str(found.folder / "bass.flac")
    assert (document["backend"], document["model"], document["scale"], document["warnings"]) == ("dsp", None, 1.0, [])
    assert set(document["absent"]) == {"vocals"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["My Tape.wav", "out"]


def test_what_is_there_is_replaced_only_when_that_is_asked_for(tmp_path: Path, recording: Path) -> None:
    separator = open_separator(DSP, "cpu")
    separate_file(recording, tmp_path, separator, DSP, force=False)
    with pytest.raises(StoreError) as caught:
        separate_file(recording, tmp_path, separator, DSP, force=False)
    assert "bass.flac, drums.flac, other.flac" in caught.value.why
    assert "--force" in caught.value.fix
    separate_file(recording, tmp_path, separator, DSP, force=True)


def test_a_run_that_was_killed_between_two_stems_is_completed_by_the_same_command(
    tmp_path: Path, recording: Path
) -> None:
    separator, folder = open_separator(DSP, "cpu"), tmp_path / "My Tape"
    killed(folder, 1, lambda: separate_file(recording, tmp_path, separator, DSP, force=False))
    assert len(list(folder.glob("*.flac"))) == 1
    found = separate_file(recording, tmp_path, separator, DSP, force=False)
    assert sorted(folder.iterdir()) == sorted(found.stems.values())


def test_a_recording_that_is_cut_short_says_so(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "cut.flac", noise(3, channels=2))
    path.write_bytes(path.read_bytes()[:100_000])
    found = separate_file(path, tmp_path, open_separator(DSP, "cpu"), DSP, force=False)
    assert found.warnings == ("cut.flac is cut short: what could be decoded was used.",)


def test_a_folder_that_cannot_be_made(tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    separator = open_separator(DSP, "cpu")
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreError, match="create"):
        separate_file(recording, tmp_path, separator, DSP, force=False)
