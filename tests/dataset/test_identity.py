"""Which recording a track holds."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from small_dataset_audio.dataset import audio_identity, identity
from small_dataset_audio.dataset.identity import stem_identities
from small_dataset_audio.dataset.info import read_info, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import StoreError, UnreadableInfo
from support.dataset_faults import failing
from support.dataset_library import recording, track_in


@pytest.fixture
def track(tmp_path: Path) -> Track:
    return track_in(tmp_path, frequency=440)


def _expected(track: Track) -> dict[str, object]:
    assert track.mix is not None
    status = track.mix.stat()
    sha256 = hashlib.sha256(track.mix.read_bytes()).hexdigest()
    return {"sha256": sha256, "size": status.st_size, "mtime_ns": status.st_mtime_ns}


def _refuse(path: Path) -> str:
    raise AssertionError(path)


def test_the_hash_is_computed_once(track: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    assert audio_identity(track) == _expected(track)
    assert read_info(track.info)["_sda"]["audio"] == _expected(track)
    monkeypatch.setattr(identity, "file_sha256", _refuse)
    assert audio_identity(track) == _expected(track)


def test_it_follows_the_file(track: Track) -> None:
    first = audio_identity(track)
    safe_update(track.info, {}, reserved={"audio": {**first, "rate": 44100}})
    assert audio_identity(track) == first
    recording(track.folder / "full_mix.wav", frequency=880)
    second = audio_identity(track)
    assert second == _expected(track)
    assert second["sha256"] != first["sha256"]
    assert read_info(track.info)["_sda"]["audio"] == second


def test_a_new_date_alone_does_not_change_the_recording(track: Track) -> None:
    first = audio_identity(track)
    safe_update(track.info, {}, reserved={"audio": {**first, "rate": 44100}})
    assert track.mix is not None
    os.utime(track.mix, ns=(1, 1))
    assert audio_identity(track) == {**first, "mtime_ns": 1}
    assert read_info(track.info)["_sda"]["audio"] == {**first, "rate": 44100, "mtime_ns": 1}


def test_it_need_not_be_remembered(track: Track) -> None:
    assert audio_identity(track, remember=False) == _expected(track)
    assert not track.info.exists()


def test_a_track_without_a_recording(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="has no recording"):
        audio_identity(track_in(tmp_path, "Empty"))


def test_an_unreadable_info_is_an_error(track: Track) -> None:
    track.info.write_text("{")
    with pytest.raises(UnreadableInfo):
        audio_identity(track)


def test_a_file_that_changes_meanwhile_has_no_identity(track: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(path: Path) -> str:
        recording(path, frequency=100, seconds=0.1)
        return "0"

    monkeypatch.setattr(identity, "file_sha256", slowly)
    with pytest.raises(StoreError, match="changed while it was read"):
        audio_identity(track)
    assert not track.info.exists()


def test_a_file_that_cannot_be_reached(track: Track) -> None:
    with failing(1, errno.EIO, name="stat"), pytest.raises(StoreError, match="Could not read"):
        identity.stat_of(track.folder / "full_mix.wav")


def test_stems_are_known_by_what_they_hold_and_are_read_once(track: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stem_identities(track) == {}
    assert not track.info.exists()
    for name, frequency in (("drums", 100), ("bass", 50)):
        recording(track.folder / f"{name}.wav", frequency=frequency)
    unknown = stem_identities(track, remember=False)
    assert not track.info.exists()
    found = stem_identities(track)
    assert found == unknown
    assert {name: one["sha256"] for name, one in found.items()} == {
        name: hashlib.sha256((track.folder / f"{name}.wav").read_bytes()).hexdigest() for name in ("bass", "drums")
    }
    assert read_info(track.info)["_sda"]["stems"] == found
    monkeypatch.setattr(identity, "file_sha256", _refuse)
    assert stem_identities(track) == found


def test_a_stem_that_is_gone_is_forgotten_and_a_note_that_is_none_is_made_anew(track: Track) -> None:
    recording(track.folder / "bass.wav", frequency=50)
    safe_update(track.info, {}, reserved={"stems": {"bass": 3, "drums": {"sha256": "x", "size": 1, "mtime_ns": 1}}})
    found = stem_identities(track)
    assert set(found) == {"bass"}
    assert read_info(track.info)["_sda"]["stems"] == found
