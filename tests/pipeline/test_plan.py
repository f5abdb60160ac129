import os
from pathlib import Path

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.identity import audio_identity
from small_dataset_audio.dataset.info import StageRecord, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.organize import assign, organize
from small_dataset_audio.errors import PipelineError, StoreError, UsageError
from small_dataset_audio.pipeline.plan import Failure, Plan, Request, make_plan
from small_dataset_audio.pipeline.stage import Bench, Outcome, Stage, stem_hashes
from small_dataset_audio.pipeline.stages import ANALYZE, ORGANIZE, pick, stage
from support.signals import noise, write_audio


@pytest.fixture
def tapes(tmp_path: Path) -> Path:
    folder = tmp_path / "tapes"
    folder.mkdir()
    for index, name in enumerate(["one", "two"]):
        write_audio(folder / f"{name}.wav", noise(0.5, seed=index))
    return folder


@pytest.fixture
def library(tmp_path: Path, tapes: Path) -> Path:
    folder = tmp_path / "library"
    for incoming in assign(tapes.iterdir(), folder):
        organize(incoming)
    return folder


def plan(library: Path, source: Path | None = None, force: tuple[str, ...] = (), only: list[str] | None = None) -> Plan:
    return make_plan(
        Request(source, pick(chosen(only, "transcribe", "metadata", "crop")).stages, frozenset(force)),
        library,
        Settings(),
    )


def chosen(stages: list[str] | None, *skip: str) -> Settings:
    return Settings.model_validate({"pipeline": {"stages": stages, "skip": list(skip)}})


def mark_analyzed(library: Path, name: str, version: int = ANALYZE.version) -> None:
    track = Track(library / name)
    sha256 = audio_identity(track)["sha256"]
    record = StageRecord(ANALYZE.name, version, ANALYZE.settings_hash(Settings()), sha256, 0.1)
    safe_update(track.info, {"lufs": -20.0}, stage=record)


def steps(made: Plan) -> dict[str, tuple[str, ...]]:
    return {job.track.name: job.steps for job in made.jobs}


def test_new_recordings_get_every_stage_and_nothing_is_written(tmp_path: Path, tapes: Path) -> None:
    made = plan(tmp_path / "library", tapes)
    assert steps(made) == {"one": ("organize", "analyze"), "two": ("organize", "analyze")}
    assert all(job.incoming is not None for job in made.jobs)
    assert not (tmp_path / "library").exists()


def test_recordings_that_are_there_get_what_is_left(library: Path, tapes: Path) -> None:
    mark_analyzed(library, "one")
    made = plan(library, tapes)
    assert steps(made) == {"two": ("analyze",)}
    assert made.done == ["one"]


def test_a_stage_runs_again_when_its_version_or_the_audio_changed_or_it_is_forced(library: Path) -> None:
    mark_analyzed(library, "one", version=ANALYZE.version - 1)
    mark_analyzed(library, "two")
    assert steps(plan(library)) == {"one": ("analyze",)}
    assert steps(plan(library, force=("analyze",))) == {"one": ("analyze",), "two": ("analyze",)}
    mark_analyzed(library, "one")
    assert steps(plan(library)) == {}
    write_audio(library / "two" / "full_mix.wav", noise(0.6, seed=9))
    assert steps(plan(library)) == {"two": ("analyze",)}


def test_a_stage_runs_again_when_settings_that_matter_to_it_changed(library: Path) -> None:
    mark_analyzed(library, "one")
    mark_analyzed(library, "two")
    changed = Settings.model_validate({"features": {"key_profile": "electronic"}})
    request = Request(None, (ORGANIZE, ANALYZE))
    assert steps(make_plan(request, library, changed)) == {"one": ("analyze",), "two": ("analyze",)}
    other = Settings.model_validate({"pipeline": {"workers": 3}})
    assert steps(make_plan(request, library, other)) == {}


def test_a_stage_runs_again_when_one_that_it_builds_on_does(library: Path) -> None:
    def nothing(_bench: Bench) -> object:
        return lambda _job: Outcome()

    first = Stage("first", 1, "", nothing)  # type: ignore[arg-type]
    second = Stage("second", 1, "", nothing, needs=("first",))  # type: ignore[arg-type]
    track = Track(library / "one")
    sha256 = audio_identity(track)["sha256"]
    for one in (first, second):
        safe_update(track.info, {}, stage=StageRecord(one.name, 1, one.settings_hash(Settings()), sha256, 0.1))
    (library / "two" / "two.INFO").unlink()
    both = (first, second)
    assert "one" not in steps(make_plan(Request(None, both), library, Settings()))
    forced = make_plan(Request(None, both, frozenset({"first"})), library, Settings())
    assert steps(forced)["one"] == ("first", "second")


def test_a_stage_that_listens_to_stems_runs_again_when_they_change(library: Path) -> None:
    track = Track(library / "one")
    mark_analyzed(library, "one")
    mark_analyzed(library, "two")
    stem = write_audio(track.folder / "bass.wav", noise(0.5, seed=5))
    assert steps(plan(library)) == {"one": ("analyze",)}
    sha256 = audio_identity(track)["sha256"]
    record = StageRecord(
        ANALYZE.name, ANALYZE.version, ANALYZE.settings_hash(Settings()), sha256, 0.1, inputs=stem_hashes(track, True)
    )
    safe_update(track.info, {"lufs": -20.0}, stage=record)
    assert steps(plan(library)) == {}
    os.utime(stem, (1, 1))  # the same bytes at another time: nothing new to hear
    assert steps(plan(library)) == {}
    write_audio(stem, noise(0.5, seed=6))
    assert steps(plan(library)) == {"one": ("analyze",)}
    stem.unlink()
    assert steps(plan(library)) == {"one": ("analyze",)}


def test_the_library_itself_or_one_of_its_tracks_can_be_the_source(library: Path) -> None:
    assert steps(plan(library, library)) == {"one": ("analyze",), "two": ("analyze",)}
    assert steps(plan(library, library / "two")) == {"two": ("analyze",)}


def test_without_organize_new_recordings_stay_out(tmp_path: Path, tapes: Path) -> None:
    made = plan(tmp_path / "library", tapes, only=["analyze"])
    assert made.jobs == []
    assert "organize was left out" in made.notes[0]


def test_organize_alone_leaves_present_tracks_done(library: Path, tapes: Path) -> None:
    made = plan(library, tapes, only=["organize"])
    assert made.jobs == []
    assert made.done == ["one", "two"]


def test_duplicates_are_named(tmp_path: Path, tapes: Path) -> None:
    (tapes / "again.wav").write_bytes((tapes / "one.wav").read_bytes())
    made = plan(tmp_path / "library", tapes)
    assert len(made.jobs) == 2
    assert any("same content" in note for note in made.notes)


def test_an_unreadable_info_is_a_failure_of_that_track_alone(library: Path) -> None:
    (library / "one" / "one.INFO").write_text("[1")
    made = plan(library)
    assert steps(made) == {"two": ("analyze",)}
    [failure] = made.failures
    assert failure.track == "one"
    assert "one.INFO" in failure.what


def test_a_source_without_audio_and_a_missing_one_are_errors(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="no audio"):
        plan(tmp_path / "library", tmp_path)
    with pytest.raises(StoreError):
        plan(tmp_path / "library", tmp_path / "none")


def test_no_library_yet_is_an_empty_plan(tmp_path: Path) -> None:
    assert plan(tmp_path / "library") == Plan(tmp_path / "library")


def test_stages_are_picked_in_pipeline_order() -> None:
    assert [one.name for one in pick(chosen(["analyze", "organize"])).stages] == ["organize", "analyze"]
    assert "organize" not in {one.name for one in pick(chosen(None, "organize")).stages}
    with pytest.raises(UsageError, match="No stage is left"):
        pick(chosen(["analyze"], "analyze"))
    with pytest.raises(UsageError) as caught:
        stage("analyse")
    assert "analyze" in caught.value.fix
    with pytest.raises(UsageError) as caught:
        stage("zzz")
    assert "separated by commas" in caught.value.fix


def test_a_failure_is_made_from_an_error() -> None:
    failure = Failure.of("one", "analyze", StoreError("a", "b", "c"))
    assert (failure.track, failure.stage, failure.what, failure.why, failure.fix) == ("one", "analyze", "a", "b", "c")


def test_tracks_of_another_library_below_the_source_are_left_out_and_counted_in_one_note(
    tmp_path: Path, tapes: Path, library: Path
) -> None:
    (tapes / "old").mkdir()
    library = library.rename(tapes / "old" / "library")
    made = plan(tmp_path / "new", tapes)
    assert sorted(steps(made)) == ["one", "two"]
    [note] = made.notes
    assert note.startswith(f"2 folders of an sda library were left out, such as {library / 'one'}: ")
    with pytest.raises(PipelineError, match="no audio") as caught:
        plan(tmp_path / "new", tapes / "old")
    assert note in caught.value.why
    (library / "two" / "two.INFO").unlink()
    assert plan(tmp_path / "new", tapes).notes[0].startswith("One folder of an sda library was left out")
