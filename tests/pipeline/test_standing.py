"""What counts as done: a stage whose files are gone is not, unless these are recordings that the user did away with."""

from pathlib import Path

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.crops.origin import Origin
from small_dataset_audio.dataset.info import StageRecord, read_provenance, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.metadata.renaming import rename
from small_dataset_audio.dataset.provenance import stage_record
from small_dataset_audio.pipeline import worker
from small_dataset_audio.pipeline.plan import Plan, Request, make_plan
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.stages import ANALYZE
from small_dataset_audio.pipeline.standing import Standing
from small_dataset_audio.pipeline.steps.separate import SEPARATE
from small_dataset_audio.pipeline.steps.transcribe import TRANSCRIBE
from support.one_track import one_track
from support.rhythm_pieces import ROCK, beat_times, drums

STAGES = (SEPARATE, ANALYZE, TRANSCRIBE)
STEMS = ("bass.flac", "drums.flac", "other.flac")
TIMES = (".BEATS_GRID", ".DOWNBEATS", ".ONSETS")
DSP = {"separation": {"backend": "dsp"}, "transcription": {"backend": "dsp"}, "features": {"beats": "dsp"}}


@pytest.fixture(autouse=True)
def _fresh_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_opened", {})


def settings(**others: object) -> Settings:
    return Settings.model_validate({**DSP, **others})


def run(track: Track, *stages: str, chosen: Settings | None = None) -> None:
    for name in stages:
        result = worker.perform(name, Job(track, (name,)), Bench(chosen or settings()))
        assert result.failure is None, result.failure


def plan(track: Track, chosen: Settings | None = None, *, force: frozenset[str] = frozenset()) -> Plan:
    return make_plan(Request(None, STAGES, force), track.folder.parent, chosen or settings())


def steps(made: Plan) -> tuple[str, ...]:
    assert made.failures == []
    return made.jobs[0].steps if made.jobs else ()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a track on which every stage ran."""
    piece = drums(ROCK, beat_times(16, 110), rate=44100)
    track = one_track(tmp_path_factory.mktemp("library"), piece.samples)
    run(track, "separate", "analyze", "transcribe")
    return {path.name: path.read_bytes() for path in track.folder.iterdir()}


@pytest.fixture
def track(tmp_path: Path, finished: dict[str, bytes]) -> Track:
    folder = tmp_path / "library" / "tape"
    folder.mkdir(parents=True)
    for name, content in finished.items():
        (folder / name).write_bytes(content)
    return Track(folder)


def record_of(track: Track, stage: str) -> StageRecord:
    record = stage_record(read_provenance(track.info), stage)
    assert record is not None
    return record


def test_every_stage_notes_the_files_that_it_wrote(track: Track) -> None:
    assert record_of(track, "separate").files == STEMS
    assert set(record_of(track, "analyze").files) == set(TIMES)
    assert record_of(track, "transcribe").files == ("drums.mid",)
    assert steps(plan(track)) == ()


@pytest.mark.parametrize(
    ("gone", "again"),
    [
        ("tape.BEATS_GRID", ("analyze", "transcribe")),
        ("tape.DOWNBEATS", ("analyze", "transcribe")),
        ("tape.ONSETS", ("analyze", "transcribe")),
        ("drums.mid", ("transcribe",)),
        ("bass.flac", ("separate", "analyze", "transcribe")),
    ],
)
def test_a_stage_runs_again_when_a_file_that_it_wrote_is_gone(track: Track, gone: str, again: tuple[str, ...]) -> None:
    (track.folder / gone).unlink()
    made = plan(track)
    assert steps(made) == again
    assert made.notes == []
    run(track, *again)
    assert (track.folder / gone).is_file()
    assert steps(plan(track)) == ()


def test_stems_that_were_all_deleted_do_not_come_back_unasked(track: Track) -> None:
    for name in STEMS:
        (track.folder / name).unlink()
    made = plan(track)
    # What was measured of them is measured again: it is absent then.
    assert steps(made) == ("analyze", "transcribe")
    [note] = made.notes
    assert "One track has none of the recordings left that separate made" in note
    assert "--force separate" in note
    run(track, "analyze", "transcribe")
    assert not (track.folder / "drums.mid").exists()
    assert steps(plan(track)) == ()
    forced = plan(track, force=frozenset({"separate"}))
    assert steps(forced) == ("separate", "analyze", "transcribe")
    assert forced.notes == []
    run(track, "separate")
    assert set(track.stems()) == {"bass", "drums", "other"}


def test_the_note_counts_tracks(track: Track) -> None:
    for name in STEMS:
        (track.folder / name).unlink()
    second = Track(track.folder.with_name("tape 2"))
    second.folder.mkdir()
    for path in track.folder.iterdir():
        (second.folder / path.name.replace("tape.", "tape 2.")).write_bytes(path.read_bytes())
    assert plan(track).notes[0].startswith("2 tracks have none")


def test_time_series_that_are_gone_are_measured_again(track: Track) -> None:
    wanted = settings(features={"beats": "dsp", "timeseries": True, "timeseries_steps": 16})
    run(track, "analyze", chosen=wanted)
    run(track, "transcribe", chosen=wanted)
    assert ".TIMESERIES.npz" in record_of(track, "analyze").files
    assert steps(plan(track, wanted)) == ()
    track.sidecar("TIMESERIES.npz").unlink()
    assert steps(plan(track, wanted)) == ("analyze", "transcribe")


def test_a_record_of_an_older_version_knows_no_files_and_counts_as_done(track: Track) -> None:
    track.info.write_text(track.info.read_text().replace('"files": ["drums.mid"],', ""))
    assert record_of(track, "transcribe").files == ()
    (track.folder / "drums.mid").unlink()
    assert steps(plan(track)) == ()


def test_a_note_of_files_that_a_stranger_wrote_is_none(track: Track) -> None:
    text = track.info.read_text()
    for nonsense in ("3", "{}", '"bass.flac"', "[]"):
        track.info.write_text(text.replace('"files": ["drums.mid"]', f'"files": {nonsense}'))
        assert steps(plan(track)) == ()
        assert record_of(track, "transcribe").files == ()
    track.info.write_text(text.replace('"files": ["drums.mid"]', '"files": [3, null]'))
    assert steps(plan(track)) == ("transcribe",)


def test_a_track_with_another_name_keeps_its_files(track: Track) -> None:
    there = rename(track, "cassette")
    assert (there.folder / "cassette.BEATS_GRID").is_file()
    assert steps(plan(there)) == ()


def test_a_stage_that_left_foreign_stems_alone_waits_for_no_file(track: Track) -> None:
    """It would run again and again: its earlier stems are not there any more, and it writes none."""
    (track.folder / "bass.flac").unlink()
    (track.folder / "bass.wav").write_bytes((track.folder / "other.flac").read_bytes())
    assert steps(plan(track))[0] == "separate"
    run(track, "separate", "analyze", "transcribe")
    assert record_of(track, "separate").files == ()
    assert steps(plan(track)) == ()


def test_a_crop_does_not_answer_for_the_times_that_it_has_from_its_track(track: Track) -> None:
    crop = Track(track.folder / "crops" / "tape_1")
    crop.folder.mkdir(parents=True)
    for name in ("full_mix.flac", "tape.BEATS_GRID"):
        (crop.folder / name.replace("tape", "tape_1")).write_bytes((track.folder / name).read_bytes())
    origin = Origin("tape", "full_mix.flac", "0" * 64, 44100, 100, 0, 100, 0.0, timed=True)
    safe_update(crop.info, {}, reserved={"crop": origin.as_json()})
    run(crop, "analyze")
    assert record_of(crop, "analyze").files == ()
    crop.sidecar("BEATS_GRID").unlink()
    assert Standing(Request(None, (ANALYZE,)), settings()).job(crop) is None


def test_what_was_planned_at_once_is_what_is_planned_alone(track: Track) -> None:
    """Whether it is asked in a block or not, the answer is the same."""
    (track.folder / "drums.mid").unlink()
    standing = Standing(Request(None, STAGES), settings())
    job = standing.job(track)
    assert job is not None
    assert job.steps == standing.missing(read_provenance(track.info), track) == steps(plan(track))
