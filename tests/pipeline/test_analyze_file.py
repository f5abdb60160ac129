from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import NotAudio, TruncatedAudio, UsageError
from small_dataset_audio.features.catalog import declared
from small_dataset_audio.pipeline.analyze_file import analyze_file
from small_dataset_audio.pipeline.schema import ANALYZE_SCHEMA
from small_dataset_audio.pipeline.stage import Bench
from small_dataset_audio.pipeline.stages import ANALYZE, ORGANIZE
from small_dataset_audio.pipeline.steps.caption import CAPTION
from small_dataset_audio.pipeline.steps.classify import CLASSIFY
from small_dataset_audio.pipeline.steps.separate import SEPARATE
from support.caption_server import serving
from support.label_models import label_models
from support.one_track import settings_for
from support.signals import noise, write_audio

MEASURING = (ORGANIZE, ANALYZE)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_audio(tmp_path / "noise.flac", noise(2, channels=2))


def test_what_was_found_with_what_is_known_of_the_file(file: Path) -> None:
    analysis = analyze_file(file, MEASURING, Bench(Settings()))
    assert analysis.file == file
    assert analysis.audio == {"seconds": 2.0, "rate": 44100, "channels": 2, "sha256": file_sha256(file)}
    assert analysis.seconds > 0
    assert list(file.parent.iterdir()) == [file]
    document = analysis.as_dict()
    Draft202012Validator(ANALYZE_SCHEMA).validate(document)
    assert document["stages"].keys() == {"analyze"}
    lufs = declared()["lufs"]
    assert document["declared"]["lufs"] == {"unit": lufs.unit, "low": lufs.low, "high": lufs.high, "kind": lufs.kind}


def test_a_file_that_is_cut_short_is_measured_only_when_the_settings_say_so(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    with pytest.raises(TruncatedAudio):
        analyze_file(file, MEASURING, Bench(Settings()))
    settings = Settings.model_validate({"pipeline": {"allow_truncated": True}})
    analysis = analyze_file(file, MEASURING, Bench(settings))
    assert analysis.audio["truncated"] is True
    assert 0 < analysis.audio["seconds"] < 2
    Draft202012Validator(ANALYZE_SCHEMA).validate(analysis.as_dict())


def test_without_a_stage_that_measures_there_is_nothing_to_say(file: Path) -> None:
    with pytest.raises(UsageError, match="None of the stages"):
        analyze_file(file, (ORGANIZE, SEPARATE), Bench(Settings()))


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.wav").write_text("milk, bread")
    with pytest.raises(NotAudio):
        analyze_file(tmp_path / "list.wav", MEASURING, Bench(Settings()))


def test_models_hear_it_too_and_each_knows_what_was_found_before(file: Path, tmp_path: Path) -> None:
    store = label_models(tmp_path / "weights")
    with serving(lambda _: "A drone in A minor.") as (address, asked):
        captions = {"backend": "endpoint", "endpoint": address, "prompts": ["full"], "prompt_full": "It is {genres}?"}
        settings = settings_for(store).model_copy(
            update={"captions": Settings.model_validate({"captions": captions}).captions}
        )
        analysis = analyze_file(file, (ANALYZE, CLASSIFY, CAPTION), Bench(settings, "cpu"))
    document = analysis.as_dict()
    Draft202012Validator(ANALYZE_SCHEMA).validate(document)
    assert list(document["stages"]) == ["analyze", "classify", "caption"]
    assert document["captions"]["music_flamingo_full"] == "A drone in A minor."
    genres = document["labels"]["essentia_genre"]
    assert 0 < len(genres) <= 10
    likeliest = max(genres, key=genres.__getitem__).replace("---", ": ")
    assert likeliest in asked.question(0)
    assert 0 <= document["features"]["danceability"] <= 1
    assert {"lufs", "danceability"} <= document["declared"].keys()
