"""Stems on disk: together or not at all, known again, and never in the place of somebody else's."""

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio import encode as encode_module
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.dataset.info import read_provenance, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import AudioError, StoreError
from small_dataset_audio.models.separation.stems import Stems
from small_dataset_audio.pipeline.steps import stem_files
from small_dataset_audio.pipeline.steps.stem_files import foreign_stems, in_the_way, store_stems, write_stems
from support.signals import noise, tone, write_audio

RATE = 44100
FACTS = {"backend": "dsp"}


def stems(*names: str, seed: int = 0, scale: float = 1.0) -> Stems:
    sounds = {name: noise(0.2, channels=2, seed=seed + index) for index, name in enumerate(names)}
    return Stems(sounds, scale)


@pytest.fixture
def track(tmp_path: Path) -> Track:
    folder = tmp_path / "tape"
    folder.mkdir()
    write_audio(folder / "full_mix.flac", tone(0.2))
    return Track(folder)


def names(track: Track) -> list[str]:
    return sorted(path.name for path in track.folder.iterdir() if path.suffix != ".INFO")


@pytest.mark.parametrize("suffix", [".flac", ".wav", ".ogg", ".mp3"])
def test_stems_are_written_at_their_scale(tmp_path: Path, suffix: str) -> None:
    made = stems("bass", "drums", scale=0.5)
    paths = write_stems(tmp_path, made, RATE, suffix)
    assert paths == {name: tmp_path / f"{name}{suffix}" for name in ("bass", "drums")}
    for name, path in paths.items():
        error = decode(path).samples - np.float32(0.5) * made.sounds[name]
        assert float(np.sqrt(np.mean(error**2))) < (0.06 if suffix in {".ogg", ".mp3"} else 1e-6)


def test_no_stems_are_no_files(tmp_path: Path) -> None:
    assert write_stems(tmp_path, Stems(), RATE, ".flac") == {}


def test_a_format_that_does_not_take_the_recording_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="does not take"):
        write_stems(tmp_path, stems("bass", "drums"), 96000, ".mp3")
    assert list(tmp_path.iterdir()) == []


def test_what_was_written_is_noted_and_known_again(track: Track) -> None:
    store_stems(track, stems("bass", "drums", "guitar"), RATE, ".flac", FACTS)
    assert names(track) == ["bass.flac", "drums.flac", "full_mix.flac", "guitar.flac"]
    part = read_provenance(track.info)["separation"]
    assert part["backend"] == "dsp"
    assert part["files"] == {
        name: file_sha256(track.folder / name) for name in ("bass.flac", "drums.flac", "guitar.flac")
    }
    assert "pending" not in part
    assert foreign_stems(track, remember=True) == {}
    assert in_the_way(track, {"bass", "drums", "guitar", "piano"}) == []


def test_what_is_not_made_any_more_is_removed(track: Track) -> None:
    store_stems(track, stems("bass", "drums", "vocals", "guitar"), RATE, ".wav", FACTS)
    store_stems(track, stems("bass", "drums", seed=9), RATE, ".flac", FACTS)
    assert names(track) == ["bass.flac", "drums.flac", "full_mix.flac"]
    assert set(read_provenance(track.info)["separation"]["files"]) == {"bass.flac", "drums.flac"}
    store_stems(track, Stems(), RATE, ".flac", FACTS)
    assert names(track) == ["full_mix.flac"]


def test_stems_of_somebody_else_are_told_apart(track: Track) -> None:
    store_stems(track, stems("bass", "drums", "other"), RATE, ".flac", FACTS)
    write_audio(track.folder / "drums.flac", noise(0.2, seed=77))  # replaced by a take from the studio
    write_audio(track.folder / "vocals.wav", noise(0.2, seed=78))
    write_audio(track.folder / "guitar.wav", noise(0.2, seed=79))
    assert foreign_stems(track, remember=False) == {
        "drums": file_sha256(track.folder / "drums.flac"),
        "vocals": file_sha256(track.folder / "vocals.wav"),
    }
    assert in_the_way(track, {"bass", "drums", "vocals", "guitar"}) == ["drums.flac", "guitar.wav", "vocals.wav"]
    assert in_the_way(track, {"bass", "other"}) == []


def test_files_that_others_removed_or_replaced_are_not_touched(track: Track) -> None:
    store_stems(track, stems("bass", "drums", "vocals"), RATE, ".wav", FACTS)
    (track.folder / "bass.wav").unlink()
    theirs = write_audio(track.folder / "vocals.wav", noise(0.2, seed=5)).read_bytes()
    store_stems(track, stems("other"), RATE, ".flac", FACTS)
    assert names(track) == ["full_mix.flac", "other.flac", "vocals.wav"]
    assert (track.folder / "vocals.wav").read_bytes() == theirs


def test_a_run_that_is_killed_between_two_files_knows_its_own(track: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(folder: Path, made: Stems, rate: int, suffix: str) -> dict[str, Path]:
        write_stems(folder, Stems({"bass": made.sounds["bass"]}), rate, suffix)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stem_files, "write_stems", killed)
        with pytest.raises(KeyboardInterrupt):
            store_stems(track, stems("bass", "drums"), RATE, ".flac", FACTS)
    assert names(track) == ["bass.flac", "full_mix.flac"]
    assert foreign_stems(track, remember=False) == {}
    assert in_the_way(track, {"bass", "drums"}) == []
    store_stems(track, stems("bass", "drums", seed=3), RATE, ".wav", FACTS)
    assert names(track) == ["bass.wav", "drums.wav", "full_mix.flac"]


def test_a_disk_that_fills_up_leaves_the_stems_of_before(track: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    store_stems(track, stems("bass", "drums"), RATE, ".flac", FACTS)
    before = {name: file_sha256(track.folder / name) for name in ("bass.flac", "drums.flac")}

    def full(_self: object, _block: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(encode_module.Writer, "write", full)
        with pytest.raises(StoreError, match="space"):
            store_stems(track, stems("bass", "drums", seed=8), RATE, ".flac", FACTS)
    assert {name: file_sha256(track.folder / name) for name in before} == before
    assert names(track) == ["bass.flac", "drums.flac", "full_mix.flac"]
    assert foreign_stems(track, remember=False) == {}


def test_a_file_that_cannot_be_removed_is_an_error(track: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    store_stems(track, stems("bass"), RATE, ".wav", FACTS)

    def refuse(_self: Path, *, missing_ok: bool = False) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(StoreError, match="Could not remove"):
            stem_files._remove(track.folder / "bass.wav")


def test_a_part_that_somebody_broke_counts_as_nothing(track: Track) -> None:
    safe_update(track.info, {}, reserved={"separation": ["?"]})
    write_audio(track.folder / "bass.wav", noise(0.2))
    assert json.loads(track.info.read_text())["_sda"]["separation"] == ["?"]
    assert set(foreign_stems(track, remember=False)) == {"bass"}
