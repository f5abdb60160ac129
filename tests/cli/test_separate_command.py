"""``sda separate`` as users call it: a library, a track, recordings; what is missing; what it says."""

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from small_dataset_audio.cli.main import main
from small_dataset_audio.cli.separate import SEPARATE_SCHEMA
from small_dataset_audio.cli.targets import targets_of
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import StoreError
from support.documents import error_of
from support.separation_models import installed
from support.signals import clicks, tone, write_audio

pytestmark = pytest.mark.process
BEATS = np.arange(0.25, 2, 0.5)
DSP = ["--backend", "dsp"]


def recording(path: Path, frequency: float = 880) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    mix = 0.5 * clicks(BEATS, 2) + 0.2 * tone(2, frequency=70) + 0.1 * tone(2, frequency=frequency)
    return write_audio(path, mix)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def document(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out)
    jsonschema.validate(found, SEPARATE_SCHEMA)
    return found


def test_a_library_then_nothing_then_by_force(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        recording(home / "library" / name / "full_mix.wav")
    assert main(["separate", "library", *DSP, "--json"]) == 0
    shown = capsys.readouterr()
    [library] = document(shown.out)["libraries"]
    assert library["tracks"]["done"] == 2
    assert "rough approximation" in shown.err
    assert set(Track(home / "library" / "one").stems()) == {"bass", "drums", "other"}
    assert main(["separate", "library", *DSP]) == 0
    assert "2 had nothing left to do" in capsys.readouterr().out
    assert main(["separate", "--force", "library/one", *DSP]) == 0
    assert "1 track done" in capsys.readouterr().out


def test_one_track_of_a_library_and_its_mix(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        recording(home / "library" / name / "full_mix.wav")
    assert main(["separate", "library/one/full_mix.wav", "library/one", *DSP, "--json"]) == 0
    [library] = document(capsys.readouterr().out)["libraries"]
    assert library["tracks"]["done"] == 1
    assert Track(home / "library" / "two").stems() == {}


def test_recordings_that_are_in_no_library(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording(home / "tapes" / "a.wav")
    recording(home / "tapes" / "b.wav", 660)
    (home / "tapes" / "c.wav").write_text("no music")
    assert main(["separate", "tapes", "tapes/a.wav", *DSP, "--output", "out", "--format", "wav", "--json"]) == 1
    found = document(capsys.readouterr().out)
    assert sorted(path.relative_to(home / "out").as_posix() for path in (home / "out").rglob("*.wav")) == [
        *(f"{name}/{stem}.wav" for name in ("a", "b") for stem in ("bass", "drums", "other"))
    ]
    assert [Path(failure["file"]).name for failure in found["failures"]] == ["c.wav"]
    assert main(["separate", "tapes/a.wav", *DSP, "--output", "out", "--format", "wav"]) == 1
    shown = capsys.readouterr()
    assert "FAILED" in shown.out
    assert "Fix: Use --force" in shown.out
    assert main(["separate", "tapes/a.wav", "tapes/b.wav", *DSP, "--output", "out", "--force"]) == 0
    shown = capsys.readouterr()
    assert "a.wav: 3 stems in out/a" in shown.out
    assert "no vocals: the backend dsp does not know vocals" in shown.out
    assert "[2/2] b.wav: done" in shown.err


def test_what_is_said_of_loud_and_cut_recordings(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loud = np.clip(1.5 * tone(3, frequency=70, peak=1.0), -0.9, 0.9) + 0.5 * clicks(BEATS, 3)
    path = write_audio(home / "loud.flac", np.clip(loud, -1, 1), subtype="PCM_24")
    path.write_bytes(path.read_bytes()[:-20_000])
    config = home / "config.toml"
    config.write_text('[pipeline]\nallow_truncated = true\n[separation]\nbackend = "dsp"\n')
    assert main(["separate", "loud.flac"]) == 0
    shown = capsys.readouterr()
    assert "all turned down to 0." in shown.out
    assert "loud.flac is cut short" in shown.err


def test_a_network_on_a_recording(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = installed(home / "tiny", {"backend": "demucs"})
    (home / "config.toml").write_text(
        f'[paths]\nmodels = "{settings.paths.models}"\n[models]\nregistry = "{settings.models.registry}"\n'
        '[separation]\nweak_stems = "keep"\ninstrumental = true\n'
    )
    recording(home / "tape.wav")
    assert main(["separate", "tape.wav", "--device", "cpu", "--json"]) == 0
    shown = capsys.readouterr()
    [file] = document(shown.out)["files"]
    assert (file["backend"], file["model"]) == ("demucs", "htdemucs")
    assert set(file["stems"]) == {"bass", "drums", "other", "vocals", "instrumental"}
    assert "Device: CPU" in shown.err
    assert "approximation" not in shown.err


def test_the_default_is_the_library_of_the_settings(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording(home / "data" / "library" / "one" / "full_mix.wav")
    assert main(["separate", *DSP]) == 0
    assert "1 track done" in capsys.readouterr().out


def test_settings_that_leave_the_stage_out_do_not_matter_here(home: Path) -> None:
    recording(home / "data" / "library" / "one" / "full_mix.wav")
    (home / "config.toml").write_text('[pipeline]\nskip = ["separate"]\n')
    assert main(["separate", *DSP, "--quiet"]) == 0


@pytest.mark.parametrize(
    ("words", "status", "what"),
    [
        (["nowhere"], 1, "There is nothing at"),
        (["empty"], 1, "There is no audio in"),
        (["--backend", "steam"], 2, "--backend"),
        (["--format", "aiff"], 2, "--format"),
        (["tape.wav"], 1, "weights of htdemucs are not installed"),
        (["tape.wav", "--backend", "roformer"], 1, "weights of bs_roformer_sw are not installed"),
    ],
)
def test_what_cannot_be_asked_for(
    home: Path, words: list[str], status: int, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    recording(home / "tape.wav")
    (home / "empty").mkdir()
    assert main(["separate", *words, "--json"]) == status
    error = error_of(capsys.readouterr().out)
    assert what in error["what"]
    assert error["fix"]


def test_targets_are_named_once_and_sorted_by_library(home: Path) -> None:
    for name in ("a", "b"):
        recording(home / "one" / name / "full_mix.wav")
    recording(home / "two" / "c" / "full_mix.wav")
    loose = recording(home / "tapes" / "x.wav")
    shutil.copy(loose, home / "one" / "a" / "notes.wav")
    found = targets_of(
        [home / "one", home / "one" / "b", Path("two"), loose, home / "tapes", home / "one" / "a" / "notes.wav"]
    )
    assert {library.name: [track.name for track in tracks] for library, tracks in found.tracks.items()} == {
        "one": ["a", "b"],
        "two": ["c"],
    }
    assert found.files == [loose, home / "one" / "a" / "notes.wav"]
    with pytest.raises(StoreError):
        targets_of([home / "absent"])
