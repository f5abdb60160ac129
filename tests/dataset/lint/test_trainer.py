from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.lint import Limits, lint, trainer
from small_dataset_audio.dataset.lint.loader import Shape, fate, unseen
from small_dataset_audio.errors import StoreError
from support.crop_tracks import carried_out, crop_settings, cuttable
from support.signals import Signal, noise, silence, write_audio
from support.similar_pieces import piece

FILE = Path("song.flac")
LIMITS = Limits(rate=44100, sample_size=441000)
LOUD = np.full(100, 0.5, dtype=np.float32)


@pytest.mark.parametrize("name", ["a.m4a", "a.aiff", "a.wv", ".a.flac", "a"])
def test_files_that_the_loader_never_sees(name: str) -> None:
    seen = unseen(Path(name), "a")
    assert seen is not None
    assert seen.fate == "skipped"


@pytest.mark.parametrize("name", ["a.wav", "a.WAV", "a.mp3", "a.flac", "a.ogg", "a.aif", "a.opus"])
def test_files_that_it_sees(name: str) -> None:
    assert unseen(Path(name), "a") is None


def test_as_long_as_the_trainer_takes_it_is_read_whole() -> None:
    seen = fate(FILE, "song", Shape(441000, 44100, 2, LOUD), LIMITS)
    assert (seen.fate, seen.padded_share, seen.heard_share, seen.channels) == ("read whole", 0, 1, None)


def test_a_shorter_one_is_padded_and_a_longer_one_cropped() -> None:
    short = fate(FILE, "song", Shape(24000 * 4, 24000, 1, LOUD[:40]), LIMITS)
    assert (short.fate, short.padded_share, short.resampled) == ("padded", 0.6, True)
    assert short.channels == "mono, put into both channels"
    long = fate(FILE, "song", Shape(44100 * 40, 44100, 6, np.tile(LOUD, 4)), LIMITS)
    assert (long.fate, long.heard_share, long.silent_share) == ("cropped", 0.25, 0)
    assert long.channels == "only the first two of 6 are taken"


def test_silent_parts_are_replaced_as_often_as_they_are_drawn() -> None:
    peaks = np.concatenate([np.zeros(200, dtype=np.float32), LOUD])
    seen = fate(FILE, "song", Shape(44100 * 30, 44100, 2, peaks), LIMITS)
    # Parts of 10 s that begin in the first 10 of 20 possible seconds hold nothing.
    assert seen.silent_share == pytest.approx(0.5, abs=0.01)
    assert "50% of the parts" in seen.why
    whole = fate(FILE, "song", Shape(44100 * 20, 44100, 2, peaks[:200]), LIMITS)
    assert whole.fate == "replaced"
    # -60 dBFS is where the loader draws the line.
    for level, expected in ((0.00101, "read whole"), (0.00099, "replaced")):
        assert (
            fate(FILE, "song", Shape(441000, 44100, 2, np.full(100, level, dtype=np.float32)), LIMITS).fate == expected
        )


def test_a_library_through_the_eyes_of_the_trainer(tmp_path: Path) -> None:
    library = tmp_path / "library"
    write = {"a padded": noise(1.0), "b cropped": noise(3.0), "c silent": silence(2.0)}
    for name, samples in write.items():
        piece(library, name, samples, rate=44100)
    piece(library, "d partly", np.concatenate([silence(4.0), noise(2.0)], axis=1), rate=44100)
    folder = library / "e skipped"
    folder.mkdir()
    write_audio(folder / "full_mix.aiff", noise(3.0))
    (library / "f broken").mkdir()
    (library / "f broken" / "full_mix.wav").write_bytes(b"no audio")
    (library / "g empty").mkdir()
    (library / "g empty" / "g empty.INFO").write_text("{}")
    found = lint(
        library, {}, cache=tmp_path / "cache", limits=Limits(sample_size=2 * 44100), checks=["trainer"], workers=1
    )
    assert [(one["track"], one["fate"]) for one in found.trainer] == [
        ("a padded", "padded"),
        ("b cropped", "cropped"),
        ("c silent", "replaced"),
        ("d partly", "cropped"),
        ("e skipped", "skipped"),
        ("f broken", "replaced"),
    ]
    assert {one.track: one.severity for one in found.found} == {
        "a padded": "note",
        "c silent": "fail",
        "d partly": "warn",
        "e skipped": "fail",
        "f broken": "fail",
    }


def test_folders_that_cannot_be_read_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track = piece(tmp_path / "library", "song", noise(1.0), rate=44100)
    (track.folder / "crops" / "empty").mkdir(parents=True)
    seen = lint(tmp_path / "library", {}, cache=tmp_path / "cache", checks=["trainer"], workers=1).trainer
    assert [one["track"] for one in seen] == ["song"]

    def refuse(_: object) -> NoReturn:
        raise StoreError("what", "why", "fix")

    monkeypatch.setattr(trainer, "crop_folders", refuse)
    again = lint(tmp_path / "library", {}, cache=tmp_path / "cache", checks=["trainer"], workers=1).trainer
    assert list(again) == list(seen)
    monkeypatch.setattr(Track, "mix", property(refuse))
    found = lint(tmp_path / "library", {}, cache=tmp_path / "cache", checks=["unreadable", "trainer"], workers=1)
    assert found.trainer == ()
    assert [(one.track, one.file, one.severity) for one in found.found] == [("song", None, "fail")]


def cropped(folder: Path, samples: Signal | None = None) -> Settings:
    settings = crop_settings(folder, seconds=2.0, beat_aligned=False, fade_ms=0.0)
    track = cuttable(folder / "library", samples)
    carried_out(track, settings)
    return settings


def test_crops_are_seen_as_their_recording_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cropped(tmp_path)
    monkeypatch.setattr(trainer, "listen", lambda *_, **__: pytest.fail("a loud crop needs no listening"))
    limits = Limits(rate=8000, sample_size=16000)
    found = lint(tmp_path / "library", {}, cache=tmp_path / "cache", limits=limits, checks=["trainer"], workers=1)
    assert [(one["track"], one["fate"]) for one in found.trainer] == [
        ("tape", "cropped"),
        ("tape_1", "read whole"),
        ("tape_2", "read whole"),
        ("tape_3", "padded"),
    ]


def test_a_crop_that_sda_keeps_may_be_silence_to_the_trainer(tmp_path: Path) -> None:
    wave = noise(6.0, 8000, channels=2)
    wave[:, 15000:33000] *= 0.0005 / np.abs(wave[:, 15000:33000]).max()
    cropped(tmp_path, wave)
    limits = Limits(rate=8000, sample_size=16000)
    found = lint(tmp_path / "library", {}, cache=tmp_path / "cache", limits=limits, checks=["trainer"], workers=1)
    assert {one["track"]: one["fate"] for one in found.trainer}["tape_2"] == "replaced"
    [finding] = [one for one in found.found if one.severity == "fail"]
    assert finding.track == "tape_2"
    foreign = tmp_path / "library" / "tape" / "crops" / "mine"
    foreign.mkdir()
    (foreign / "mine.INFO").write_text("{ no json")
    write_audio(foreign / "full_mix.wav", noise(1.0, 8000), 8000)
    again = lint(tmp_path / "library", {}, cache=tmp_path / "cache", limits=limits, checks=["trainer"], workers=1)
    assert {one["track"]: one["fate"] for one in again.trainer}["mine"] == "padded"
