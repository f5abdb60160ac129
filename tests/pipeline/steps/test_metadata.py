"""The stage: what it writes, what it leaves alone, and what the next run does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.info import read_info, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.pipeline import stages, worker
from small_dataset_audio.pipeline.metadata_preview import Change, file_metadata, preview
from small_dataset_audio.pipeline.plan import Request, make_plan
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.steps.caption import facts
from small_dataset_audio.pipeline.steps.metadata import METADATA, STAGE, UNFINISHED, opened_collector
from small_dataset_audio.pipeline.worker import StepResult
from support import tag_files
from support.metadata_server import RECORDING, Site, fill, hurry, says, serving

TAGS: list[tuple[str, str | bytes]] = [
    ("TITLE", "Blue Café"),
    ("ARTIST", "The Testers"),
    ("ARTIST", "Ann Other"),
    ("DATE", "2003"),
    ("GENRE", "Jazz"),
]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    hurry(monkeypatch)
    with serving() as site:
        fill(site)
        yield site


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "STAGES", (METADATA,))
    monkeypatch.setattr(worker, "_opened", {})


@pytest.fixture
def track(tmp_path: Path) -> Track:
    made = Track(tmp_path / "library" / "song")
    made.folder.mkdir(parents=True)
    tag_files.flac(made.folder / "full_mix.flac", TAGS, seconds=61.0)
    return made


def settings_of(
    tmp_path: Path, site: Site | None = None, *sources: str, offline: bool = False, **more: object
) -> Settings:
    chosen = (
        site.settings(*sources, **more).model_dump()
        if site is not None
        else {"sources": list(sources) or ["tags"], **more}
    )
    return Settings.model_validate(
        {"paths": {"cache": tmp_path / "cache"}, "metadata": chosen, "general": {"offline": offline}}
    )


def perform(track: Track, settings: Settings, *, force: bool = False) -> StepResult:
    worker._opened.clear()  # each run has its own processes
    job = Job(track, (STAGE,), force=frozenset({STAGE} if force else ()))
    result = worker.perform(STAGE, job, Bench(settings))
    assert result.failure is None, result.failure
    return result


def is_done(track: Track, settings: Settings) -> bool:
    return make_plan(Request(None, (METADATA,)), track.folder.parent, settings).done == [track.name]


def known(track: Track) -> tuple[dict[str, Any], dict[str, Any]]:
    info = read_info(track.info)
    record: dict[str, Any] = info.pop("_sda")["stages"][STAGE]
    return info, record


def test_what_tags_say_is_written_and_suits_captions(track: Track, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert perform(track, settings).warnings == ()
    info, record = known(track)
    assert info == {
        "title": "Blue Café",
        "artists": ["The Testers", "Ann Other"],
        "release_date": "2003",
        "release_year": 2003,
        "genres": ["Jazz"],
    }
    assert record["made"] == list(info)
    assert record["absent"]["album"] == "The tags do not say it."
    assert is_done(track, settings)
    told = facts(read_info(track.info)).metadata
    assert told == {"artists": "The Testers, Ann Other", "release year": "2003", "genres": "Jazz"}


def test_sources_are_part_of_what_is_done(track: Track, tmp_path: Path, site: Site) -> None:
    perform(track, settings_of(tmp_path))
    online = settings_of(tmp_path, site, "tags", "musicbrainz")
    assert not is_done(track, online)
    perform(track, online)
    info, record = known(track)
    assert info["musicbrainz_id"] == RECORDING
    assert record["notes"]["musicbrainz"]["score"] == 1.0
    assert is_done(track, online)
    asked = len(site.asked)
    perform(track, online)
    assert len(site.asked) == asked
    perform(track, online, force=True)
    assert len(site.asked) == 2 * asked


def test_what_a_source_said_once_stays_when_a_run_does_not_name_it(track: Track, tmp_path: Path, site: Site) -> None:
    """A plain `sda run` after `sda metadata --sources tags,musicbrainz` must not take anything away."""
    perform(track, settings_of(tmp_path, site, "tags", "musicbrainz"))
    before, _ = known(track)
    for _ in range(2):
        perform(track, settings_of(tmp_path), force=True)
        info, record = known(track)
        assert info == before
        assert record["notes"]["from"]["musicbrainz_id"] == "musicbrainz"
        assert "musicbrainz_id" not in record["absent"]
    assert is_done(track, settings_of(tmp_path))
    tag_files.flac(track.folder / "full_mix.flac", [("TITLE", "Red")], seconds=1.0)
    perform(track, settings_of(tmp_path))
    assert known(track)[0] == {"title": "Red"}  # of another recording


def test_what_cannot_be_asked_is_asked_by_the_next_run(track: Track, tmp_path: Path, site: Site) -> None:
    settings = settings_of(tmp_path, site, "tags", "musicbrainz")
    site.put("/mb/recording", says({}, 503))
    result = perform(track, settings)
    assert "MusicBrainz answered HTTP 503." in result.warnings
    info, record = known(track)
    assert info["title"] == "Blue Café"
    assert record["settings_hash"] == UNFINISHED
    assert record["notes"]["open"] == {"musicbrainz": "MusicBrainz answered HTTP 503."}
    assert not is_done(track, settings)
    fill(site)
    perform(track, settings)
    assert known(track)[0]["album"] == "Songs"
    assert is_done(track, settings)


def test_what_is_known_is_never_replaced_by_less(track: Track, tmp_path: Path, site: Site) -> None:
    online = settings_of(tmp_path, site, "tags", "musicbrainz")
    perform(track, online)
    before, _ = known(track)
    offline = settings_of(tmp_path, site, "tags", "musicbrainz", offline=True)
    assert is_done(track, offline)
    for settings in (offline, settings_of(tmp_path, site, "tags", "musicbrainz", "spotify")):
        result = perform(track, settings, force=True)
        assert any("left out" in one.lower() for one in result.warnings)
        assert known(track)[0] == before
        assert not is_done(track, settings)
    site.put("/mb/recording", says({}, 503))
    perform(track, online, force=True)
    assert known(track)[0] == before
    fill(site)
    perform(track, online)
    assert known(track)[0] == before
    assert is_done(track, online)


def test_what_the_user_wrote_stays(track: Track, tmp_path: Path) -> None:
    safe_update(track.info, {"artists": ["Me"], "licence": "mine"})
    settings = settings_of(tmp_path)
    perform(track, settings)
    info, record = known(track)
    assert (info["artists"], info["licence"], info["title"]) == (["Me"], "mine", "Blue Café")
    assert record["notes"]["kept"] == ["artists", "licence"]
    assert "licence" not in record["absent"]
    text = track.info.read_text(encoding="utf-8")
    track.info.write_text(text.replace('"title": "Blue Café"', '"title": "My Title"'), encoding="utf-8")
    for _ in range(2):
        perform(track, settings, force=True)
        info, record = known(track)
        assert (info["artists"], info["title"], info["genres"]) == (["Me"], "My Title", ["Jazz"])
        assert "title" in record["notes"]["kept"]


def test_a_record_that_was_meddled_with_counts_all_as_the_users(track: Track, tmp_path: Path) -> None:
    perform(track, settings_of(tmp_path))
    info = json.loads(track.info.read_text(encoding="utf-8"))
    info["_sda"]["stages"][STAGE]["notes"]["wrote"] = "nonsense"
    track.info.write_text(json.dumps(info), encoding="utf-8")
    perform(track, settings_of(tmp_path), force=True)
    assert known(track)[0]["title"] == "Blue Café"


def test_the_name_of_the_recording_is_asked_by(tmp_path: Path, site: Site) -> None:
    track = Track(tmp_path / "library" / "03 (2)")
    track.folder.mkdir(parents=True)
    tag_files.flac(track.folder / "full_mix.flac", [], seconds=61.0)
    safe_update(track.info, {}, reserved={"source": {"name": "The Testers - Blue Café.flac"}})
    perform(track, settings_of(tmp_path, site, "tags", "musicbrainz"))
    assert known(track)[0]["musicbrainz_id"] == RECORDING


def test_a_track_without_its_recording_fails_alone(tmp_path: Path) -> None:
    track = Track(tmp_path / "library" / "song")
    track.folder.mkdir(parents=True)
    safe_update(track.info, {"a": 1})
    result = worker.perform(STAGE, Job(track, (STAGE,)), Bench(settings_of(tmp_path)))
    assert result.failure is not None
    assert "no recording" in result.failure.what


def test_a_preview_shows_changes_and_makes_none(track: Track, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    collector = opened_collector(settings)
    safe_update(track.info, {"artists": ["Me"]})
    before = track.info.read_bytes()
    shown = preview(track, collector, looks=True, fresh=False, renames=True)
    assert shown.changes["title"] == Change(None, "Blue Café")
    assert shown.kept == ("artists",)
    assert shown.renaming is None
    assert track.info.read_bytes() == before
    perform(track, settings)
    tag_files.flac(track.folder / "full_mix.flac", [("TITLE", "Red")], seconds=1.0)
    changed = preview(track, collector, looks=True, fresh=False, renames=False).changes
    assert changed["title"] == Change("Blue Café", "Red")
    assert changed["genres"] == Change(["Jazz"], None)
    assert preview(track, collector, looks=False, fresh=False, renames=True).changes == {}
    track.mix.unlink()  # type: ignore[union-attr]
    with pytest.raises(Exception, match="has no audio"):
        preview(track, collector, looks=True, fresh=False, renames=False)


def test_a_preview_of_what_would_stay(track: Track, tmp_path: Path, site: Site) -> None:
    perform(track, settings_of(tmp_path, site, "tags", "musicbrainz"))
    offline = opened_collector(settings_of(tmp_path, site, "tags", "musicbrainz", offline=True))
    assert preview(track, offline, looks=True, fresh=True, renames=False).changes == {}


def test_a_recording_in_no_library_is_only_looked_at(tmp_path: Path) -> None:
    tape = tag_files.flac(tmp_path / "tape.flac", TAGS)
    found = file_metadata(tape, opened_collector(settings_of(tmp_path)), fresh=False).as_dict()
    assert found["values"]["title"] == "Blue Café"
    assert found["file"] == str(tape)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tape.flac"]


def test_only_what_matters_makes_it_run_again(tmp_path: Path) -> None:
    plain = METADATA.settings_hash(settings_of(tmp_path))
    assert (
        METADATA.settings_hash(
            settings_of(tmp_path, None, "tags", minimum_score=0.9, country="DE", normalise_names=True)
        )
        == plain
    )
    assert METADATA.settings_hash(settings_of(tmp_path, None, "tags", tag_encoding="cp1251")) != plain
    online = METADATA.settings_hash(settings_of(tmp_path, None, "musicbrainz"))
    assert METADATA.settings_hash(settings_of(tmp_path, None, "musicbrainz", minimum_score=0.9)) != online
    assert METADATA.settings_hash(settings_of(tmp_path, None, "musicbrainz", patience=3.0)) == online
    tidal = METADATA.settings_hash(settings_of(tmp_path, None, "tidal"))
    assert METADATA.settings_hash(settings_of(tmp_path, None, "tidal", country="DE")) != tidal
