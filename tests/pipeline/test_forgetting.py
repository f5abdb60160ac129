from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import StoreError, UsageError
from small_dataset_audio.models.transcription.hits import Transcription
from small_dataset_audio.models.transcription.midi import midi_bytes
from small_dataset_audio.models.transcription.tempo import tempo_map
from small_dataset_audio.pipeline.forgetting import Forgotten, forget, require_forgettable
from small_dataset_audio.pipeline.steps.transcribe import MIDI
from support.statistics_library import written


def test_what_analyze_made_goes_with_its_files(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0})
    for suffix in ("BEATS_GRID", "DOWNBEATS", "ONSETS"):
        track.sidecar(suffix).write_text("0.5\n")
    (track.folder / "full_mix.wav").touch()
    found = forget(track, "analyze")
    assert found == Forgotten(track, ("lufs",), ("Song.BEATS_GRID", "Song.DOWNBEATS", "Song.ONSETS"))
    assert "lufs" not in read_info(track.info)
    assert [path.name for path in sorted(track.folder.iterdir()) if not path.name.startswith(".")] == [
        "Song.INFO",
        "full_mix.wav",
    ]
    assert forget(track, "analyze") is None


def _midi() -> bytes:
    nothing = np.zeros(0)
    return midi_bytes(Transcription({}, "dsp"), tempo_map(nothing, nothing))


def test_drums_go_with_their_file(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"drum_hits": 3}, stage="transcribe")
    (track.folder / MIDI).write_bytes(_midi())
    assert forget(track, "transcribe") == Forgotten(track, ("drum_hits",), (MIDI,))
    assert not (track.folder / MIDI).exists()


def test_a_drum_file_that_was_changed_is_the_users(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"drum_hits": 3}, stage="transcribe")
    changed = _midi() + b"mine"
    (track.folder / MIDI).write_bytes(changed)
    assert forget(track, "transcribe") == Forgotten(track, ("drum_hits",))
    assert (track.folder / MIDI).read_bytes() == changed


def test_a_drum_file_that_cannot_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track = written(tmp_path, "Song", {"drum_hits": 3}, stage="transcribe")
    (track.folder / MIDI).write_bytes(_midi())

    def broken(_path: Path, _most: int) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("small_dataset_audio.models.transcription.midi.read_whole", broken)
    with pytest.raises(StoreError, match="drums"):
        forget(track, "transcribe")


def test_a_file_that_cannot_be_removed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0})
    track.sidecar("ONSETS").write_text("0.5\n")

    def broken(_path: Path, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - the shape of `Path.unlink`
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", broken)
    with pytest.raises(StoreError, match="ONSETS"):
        forget(track, "analyze")


def test_recordings_and_what_is_no_stage_cannot_be_forgotten() -> None:
    require_forgettable("caption")
    for stage, fix in (("separate", "delete the files"), ("crop", "folder crops"), ("organize", "Name one of")):
        with pytest.raises(UsageError) as refused:
            require_forgettable(stage)
        assert fix in refused.value.fix


def test_nothing_is_left_of_a_track_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        forget(Track(tmp_path / "Gone"), "analyze")


@pytest.mark.parametrize("cut_short", ["lstat", "unlink"])
def test_what_was_cut_short_is_completed_by_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_short: str
) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0})
    for suffix in ("BEATS_GRID", "ONSETS"):
        track.sidecar(suffix).write_text("0.5\n")

    def broken(path: Path, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - the shape of `Path.unlink`
        raise OSError(5, "Input/output error", str(path))

    monkeypatch.setattr(Path, cut_short, broken)
    with pytest.raises(StoreError):
        forget(track, "analyze")
    monkeypatch.undo()
    assert "analyze" in read_info(track.info)["_sda"]["stages"]
    found = forget(track, "analyze")
    assert found is not None
    assert found.files == ("Song.BEATS_GRID", "Song.ONSETS")
    assert "analyze" not in read_info(track.info)["_sda"]["stages"]
    assert forget(track, "analyze") is None
