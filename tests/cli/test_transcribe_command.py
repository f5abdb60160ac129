"""``sda transcribe``, in this process: on a library, a track, and recordings that are in no library."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import typer

from small_dataset_audio.cli import transcribe as command
from small_dataset_audio.cli.app import root
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.times import write_times
from small_dataset_audio.errors import MissingWeights, StoreError, UsageError
from small_dataset_audio.pipeline import run, stages, worker
from small_dataset_audio.pipeline.steps.transcribe import TRANSCRIBE
from support.drum_models import beats_store
from support.here_engine import HereEngine
from support.midi_reader import read_midi
from support.one_track import one_track
from support.rhythm_pieces import ROCK, beat_times, drums
from support.signals import silence, tone, write_audio

PIECE = drums(ROCK, beat_times(16, 110), rate=44100)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SDA_HARDWARE_DEVICE", "cpu")
    monkeypatch.setattr(stages, "STAGES", (stages.ORGANIZE, TRANSCRIBE))
    monkeypatch.setattr(worker, "_opened", {})
    monkeypatch.setattr(run, "LocalEngine", HereEngine)


def sda(*words: str) -> int:
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback(invoke_without_command=True)(root)
    app.command("transcribe")(command.transcribe)
    return int(app(args=["transcribe", *words], standalone_mode=False, prog_name="sda") or 0)


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(made, command.TRANSCRIBE_SCHEMA)
    return made


def test_a_track_gets_its_midi_file_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    track = one_track(tmp_path / "data" / "library", tone(2))
    write_audio(track.folder / "drums.wav", PIECE.samples)
    write_times(track.sidecar("BEATS_GRID"), PIECE.beats)
    assert sda() == 0
    shown = capsys.readouterr()
    assert "1 track done" in shown.out
    assert "Drums: heard by dsp. It is embedded and approximate" in shown.err
    assert read_midi((track.folder / "drums.mid").read_bytes()).tempi
    assert read_info(track.info)["drum_hits_kick"] > 5
    assert sda(str(track.folder), "--json") == 0
    assert document(capsys)["libraries"][0]["tracks"] == {"done": 0, "skipped": 1, "failed": 0, "unfinished": 0}
    assert sda(str(track.folder), "--force", "all", "--json") == 0
    assert document(capsys)["libraries"][0]["tracks"]["done"] == 1


def test_only_the_tracks_that_were_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    track = one_track(tmp_path / "library", tone(1))
    other = tmp_path / "library" / "other"
    other.mkdir()
    write_audio(other / "full_mix.flac", tone(1))
    assert sda(str(track.folder)) == 0
    assert track.info.exists()
    assert not (other / "other.INFO").exists()
    capsys.readouterr()


def test_recordings_get_midi_files_with_a_tempo_map_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tape = write_audio(tmp_path / "loop.wav", PIECE.samples)
    write_audio(tmp_path / "nothing.wav", silence(2))
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    status = sda(str(tape), "nothing.wav", "broken.wav", "--output", "midi")
    assert status == 1
    shown = capsys.readouterr()
    assert "loop.wav: " in shown.out
    assert "beats)" in shown.out
    assert "nothing.wav: no MIDI file, because no drums were heard" in shown.out
    assert "FAILED" in shown.out
    assert "as if it were drums alone" in shown.err
    made = read_midi((tmp_path / "midi" / "loop.drums.mid").read_bytes())
    kicks = np.array(made.times(35))
    assert np.abs(kicks[:, np.newaxis] - PIECE.onsets).min(axis=1).max() < 0.03
    assert len(made.tempi) >= 1
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".mid") == []


def test_recordings_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_audio(tmp_path / "loop.wav", PIECE.samples)
    (tmp_path / "loop.drums.mid").write_bytes(b"mine")
    assert sda("loop.wav", "--json") == 1
    made = document(capsys)
    assert made["files"] == []
    assert "so it is yours" in made["failures"][0]["why"]
    (tmp_path / "loop.drums.mid").unlink()
    assert sda("loop.wav", "--backend", "dsp", "--json") == 0
    [one] = document(capsys)["files"]
    assert one["backend"] == "dsp"
    assert one["beats"] > 10
    assert one["values"]["drum_hits_kick"] > 5
    assert set(one["absent"]) == {"drum_hits_tom", "drum_hits_cymbal"}


def test_without_a_pulse_the_file_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_audio(tmp_path / "two.wav", PIECE.samples[:, : 44100 * 2])
    assert sda("two.wav") == 0
    assert "no beats, so 120 BPM" in capsys.readouterr().out


def test_beats_with_weights_make_the_tempo_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    store = beats_store(folder)
    monkeypatch.setenv("SDA_PATHS_MODELS", str(store.folder))
    monkeypatch.setenv("SDA_MODELS_REGISTRY", str(store.own))
    write_audio(tmp_path / "loop.wav", PIECE.samples)
    assert sda("loop.wav") == 0
    assert "Beats: by beat_this" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_audio(tmp_path / "loop.wav", PIECE.samples)
    (tmp_path / "file").write_text("")
    assert sda("loop.wav", "--output", "file/below") == 1
    assert "Could not create" in capsys.readouterr().out


def test_a_backend_that_is_not_installed_is_an_error(tmp_path: Path) -> None:
    write_audio(tmp_path / "loop.wav", PIECE.samples)
    with pytest.raises(MissingWeights, match="adtof_frame_rnn"):
        sda("loop.wav", "--backend", "adtof")
    with pytest.raises(UsageError):
        sda("loop.wav", "--backend", "ears")
    with pytest.raises(StoreError, match="There is nothing at"):
        sda("no.wav")
