from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from small_dataset_audio.dataset.info import StageRecord, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.lint import Finding, Findings, lint
from small_dataset_audio.dataset.lint.material import Contradicts
from small_dataset_audio.dataset.similar import Pair, Similar
from small_dataset_audio.errors import StoreError, UsageError
from small_dataset_audio.features.catalog import declared
from small_dataset_audio.models.captioning.evidence import contradictions

TRACKS = 12


@pytest.fixture
def library(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    for number in range(TRACKS):
        track = new(tmp_path / "library", f"song {number:02d}")
        values = {"bpm": 120 + float(generator.normal()), "lufs": -14 + float(generator.normal())}
        safe_update(track.info, values, stage=StageRecord("analyze", 1, "s", "a", 1.0))
    return tmp_path / "library"


def new(library: Path, name: str) -> Track:
    (library / name).mkdir(parents=True)
    track = Track(library / name)
    track.info.write_text("{}")
    return track


def checked(library: Path, *checks: str, contradicts: Contradicts | None = None) -> tuple[Finding, ...]:
    return lint(library, declared(), cache=library / "cache", checks=checks, contradicts=contradicts).found


def analyzed(library: Path, name: str, values: Mapping[str, Any], **absent: str) -> Track:
    track = new(library, name)
    safe_update(track.info, values, stage=StageRecord("analyze", 1, "s", "a", 1.0, absent=absent))
    return track


def test_numbers_that_others_have(library: Path) -> None:
    assert checked(library, "missing") == ()
    analyzed(library, "a free", {"lufs": -14.0}, bpm="there is no beat")
    new(library, "b new")
    (library / "c broken").mkdir()
    (library / "c broken" / "c broken.INFO").write_text("{")
    not_run, absent = checked(library, "missing")
    assert (not_run.track, not_run.severity) == ("b new", "warn")
    assert "bpm, lufs are missing: the stage analyze has not run on it." in not_run.what
    assert (absent.track, absent.severity) == ("a free", "note")
    assert absent.what.startswith("bpm is missing")
    assert absent.what.endswith(": there is no beat.")


def test_many_missing_numbers_are_summed_up(library: Path) -> None:
    many = {one.name: one.low for one in list(declared().values())[:9] if one.stage == "analyze"}
    analyzed(library, "z all", many)
    findings = checked(library, "missing")
    assert len(findings) == TRACKS + 1
    assert "8 numbers (bpm_is_defined, " in findings[0].what


def test_a_number_far_from_all_others(library: Path) -> None:
    assert checked(library, "outliers") == ()
    analyzed(library, "z fast", {"bpm": 240.0, "lufs": -14.0})
    analyzed(library, "z loud", {"bpm": 120.0, "lufs": 3.0})
    far, loud, outside = checked(library, "outliers")
    assert far.track == "z fast"
    assert "bpm 240 1/min" in far.what
    assert far.evidence["deviations"]["bpm"] > 8
    assert loud.track == outside.track == "z loud"
    assert "lufs is 3, outside the range -40 to 0" in outside.what


def test_a_licence_that_nobody_wrote_down(library: Path) -> None:
    for number in range(TRACKS - 1):
        track = Track(library / f"song {number:02d}")
        safe_update(track.info, {"licence" if number % 2 else "license": "CC BY 4.0"})
    [finding] = checked(library, "licence")
    assert finding.track == f"song {TRACKS - 1:02d}"


@pytest.mark.parametrize(
    ("caption", "wrong"),
    [
        ("A fast piece at 174 BPM.", True),
        ("A piece at 120 BPM.", False),
        ("In A minor, without drums.", True),
        ("In C major.", False),
    ],
)
def test_captions_are_compared_with_what_was_measured(library: Path, caption: str, wrong: bool) -> None:  # noqa: FBT001
    values = {"bpm": 120.0, "bpm_is_defined": 1, "tonic": 0, "tonic_scale": "major", "lufs": -14.0, "lufs_drums": -18.0}
    track = analyzed(library, "a told", values)
    safe_update(track.info, {"my_caption": caption, "artists": "Fast 174 BPM"})
    findings = checked(library, "captions", contradicts=contradictions)
    assert bool(findings) is wrong
    if wrong:
        assert findings[0].what.startswith("my_caption contradicts what was measured: It says")
        assert findings[0].evidence["caption"] == caption


def test_what_the_caption_stage_noted_is_taken_where_nothing_compares(library: Path) -> None:
    track = new(library, "a told")
    notes = {"contradictions": {"said": ["It says 90; 120 were measured."], "gone": ["Old."]}}
    safe_update(track.info, {"said": "Ninety."}, stage=StageRecord("caption", 1, "s", "a", 1.0, notes=notes))
    other = new(library, "b told")
    odd = StageRecord("caption", 1, "s", "a", 1.0, notes={"contradictions": "odd"})
    safe_update(other.info, {"said": "Ninety."}, stage=odd)
    [finding] = checked(library, "captions")
    assert finding.evidence["contradictions"] == ["It says 90; 120 were measured."]


def test_pairs_and_the_leak_that_they_would_be(library: Path) -> None:
    names = tuple(f"song {number:02d}" for number in range(TRACKS))
    pairs = (
        Pair("song 00", "song 01", "same file", 1.0, "Both files hold the same bytes."),
        Pair("song 01", "song 02", "pitch shifted", 0.9, "They agree.", semitones=1.0),
        Pair("song 04", "song 05", "same loop", 0.8, "They agree."),
        Pair("song 05", "not here", "same recording", 0.8, "They agree."),
    )
    found: Findings = lint(
        library,
        {},
        cache=library / "cache",
        checks=["duplicates", "leaks"],
        similar=Similar(names, pairs[:3]),
        workers=1,
    )
    assert found.effective_size == "12 tracks, 9 independent"
    severities = [(one.check, one.track, one.severity) for one in found.found]
    assert severities == [
        ("duplicates", "song 01", "fail"),
        ("duplicates", "song 02", "warn"),
        ("duplicates", "song 05", "note"),
        ("leaks", "song 00", "warn"),
        ("leaks", "song 04", "warn"),
    ]
    leak = found.found[3]
    assert leak.evidence["probability"] == pytest.approx(1 - 0.1**3 - 0.9**3, abs=1e-3)
    assert "song 00, song 01 and song 02 belong together" in leak.what
    document = found.as_dict()
    assert document["groups"] == [["song 00", "song 01", "song 02"], ["song 04", "song 05"]]
    assert document["counts"] == {"fail": 1, "warn": 3, "note": 1}


def test_which_checks_are_made(library: Path, tmp_path: Path) -> None:
    quick = lint(library, {}, cache=tmp_path, checks=["licence", "missing"], skip=["missing"])
    assert quick.checks == ("licence",)
    assert quick.effective_size is None
    assert quick.as_dict()["independent"] is None
    with pytest.raises(UsageError, match="Did you mean clipped"):
        lint(library, {}, cache=tmp_path, checks=["cliped"])
    with pytest.raises(UsageError, match="separated by commas"):
        lint(library, {}, cache=tmp_path, skip=["xyzxyz"])
    with pytest.raises(UsageError, match="No check is left"):
        lint(library, {}, cache=tmp_path, checks=["licence"], skip=["licence"])
    with pytest.raises(StoreError):
        lint(tmp_path / "nowhere", {}, cache=tmp_path)


def test_an_empty_library(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    found = lint(tmp_path / "library", declared(), cache=tmp_path / "cache", workers=1)
    assert found.found == ()
    assert found.effective_size == "0 tracks, 0 independent"
