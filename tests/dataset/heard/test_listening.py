import os
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.dataset.heard import Heard, listening
from small_dataset_audio.dataset.heard.listening import TrackSound, listen
from small_dataset_audio.dataset.heard.recording import hear
from small_dataset_audio.dataset.heard.store import FOLDER, Kept
from small_dataset_audio.dataset.identity import audio_identity
from small_dataset_audio.dataset.layout import Track
from support.dataset_library import tree
from support.signals import noise, write_audio
from support.similar_pieces import piece


def same(one: Heard, other: Heard) -> bool:
    arrays = np.array_equal(one.print, other.print) and np.array_equal(one.levels.peaks, other.levels.peaks)
    return arrays and one.tops == other.tops and one.levels.rms == other.levels.rms and one.wall == other.wall


def test_what_was_heard_is_kept_and_nothing_in_the_library_changes(tmp_path: Path) -> None:
    track = piece(tmp_path / "library", "song", noise(1.0, channels=2))
    before = tree(tmp_path / "library")
    first = listen([track], cache=tmp_path / "cache").sounds["song"]
    assert tree(tmp_path / "library") == before
    [kept] = (tmp_path / "cache" / FOLDER).rglob("*.npz")
    assert kept.stem == first.sha256
    again = listen([track], cache=tmp_path / "cache").sounds["song"]
    assert same(first.heard, again.heard)
    assert again.heard.sound_sha256 == first.heard.sound_sha256
    kept.write_bytes(b"PK damaged")
    assert same(listen([track], cache=tmp_path / "cache").sounds["song"].heard, first.heard)


def test_a_hash_that_is_noted_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track = piece(tmp_path, "song", noise(1.0))
    known = audio_identity(track)["sha256"]
    monkeypatch.setattr(listening, "file_sha256", lambda _: pytest.fail("hashed again"))
    assert listen([track], cache=tmp_path / "cache").sounds["song"].sha256 == known


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    track = piece(tmp_path / "library", "song", noise(1.0))
    (tmp_path / "cache").write_bytes(b"a file")
    assert "song" in listen([track], cache=tmp_path / "cache").sounds


def test_what_cannot_be_heard_is_told(tmp_path: Path) -> None:
    empty = Track(tmp_path / "empty")
    empty.folder.mkdir()
    broken = Track(tmp_path / "broken")
    broken.folder.mkdir()
    (broken.folder / "full_mix.wav").write_bytes(b"no audio")
    found = listen([empty, broken], cache=tmp_path / "cache")
    assert not found.sounds
    assert [*found.problems] == ["empty", "broken"]
    assert "no audio" in found.problems["empty"].what


def test_stems_are_taken_out_of_the_mix_and_what_is_left_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drums = noise(1.0, 8000, seed=1)
    track = piece(tmp_path / "library", "song", drums, rate=8000)
    write_audio(track.folder / "drums.flac", drums, 8000)
    first = listen([track], cache=tmp_path / "cache", stems=True).sounds["song"]
    assert first.residual is not None
    assert first.residual.level_db is not None
    assert first.residual.level_db < -60
    with monkeypatch.context() as patched:
        patched.setattr(listening, "residual", lambda *_: pytest.fail("listened again"))
        assert listen([track], cache=tmp_path / "cache", stems=True).sounds["song"].residual == first.residual
    assert listen([track], cache=tmp_path / "cache").sounds["song"].residual is None
    track.info.write_text("{ no json")
    assert listen([track], cache=tmp_path / "cache", stems=True).sounds["song"].residual == first.residual
    (track.folder / "bass.flac").write_bytes(b"no audio")
    broken = listen([track], cache=tmp_path / "cache", stems=True).sounds["song"]
    assert broken.stem_problem is not None


def die(cache: Path, stems: bool, track: Track) -> TrackSound:  # noqa: FBT001 - as `listening._answer`
    if track.name == "bad":
        os._exit(3)
    return listening.sound_of(track, cache, stems=stems)


def test_several_processes_hear_the_same_and_one_that_dies_takes_no_other_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracks = [piece(tmp_path / "library", f"song {n}", noise(0.2, 8000, seed=n), rate=8000) for n in range(9)]
    bad = piece(tmp_path / "library", "bad", noise(0.2, 8000, seed=99), rate=8000)
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(listening, "_answer", die)
    found = listen([*tracks, bad], cache=tmp_path / "cache", workers=2, progress=lambda *at: told.append(at))
    assert [*found.sounds] == [track.name for track in tracks]
    assert "died" in found.problems["bad"].what
    assert told == [(n, 10) for n in range(1, 11)]
    monkeypatch.undo()
    alone = listen(tracks, cache=tmp_path / "other", workers=1)
    assert all(same(alone.sounds[name].heard, found.sounds[name].heard) for name in found.sounds)
    assert listen(tracks, cache=tmp_path / "cache", workers=2).sounds.keys() == alone.sounds.keys()


def test_only_what_is_known_is_kept(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    assert kept.heard("ab") is None
    assert kept.residual("ab") is None
    heard = hear(piece(tmp_path / "library", "song", noise(0.5)).folder / "full_mix.flac")
    kept.keep("ab", heard)
    assert kept.knows("ab")
    read = kept.heard("ab")
    assert read is not None
    assert same(read, heard)
    assert read.peak == heard.peak
