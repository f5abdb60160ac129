"""``sda metadata``, in this process: on a library, a track, and recordings that are in no library."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer

from small_dataset_audio.cli import metadata as command
from small_dataset_audio.cli import metadata_view as view
from small_dataset_audio.cli.app import root
from small_dataset_audio.dataset.info import read_info, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import StoreError, UsageError
from small_dataset_audio.pipeline import run, stages
from small_dataset_audio.pipeline.steps.metadata import METADATA
from support import tag_files
from support.here_engine import HereEngine
from support.metadata_server import (
    ACOUSTID_KEY,
    RECORDING,
    SPOTIFY_SECRET,
    TIDAL_SECRET,
    TOKEN,
    Site,
    environment,
    fill,
    hurry,
    says,
    serving,
)

TAGS: list[tuple[str, str | bytes]] = [("TITLE", "Blue Café"), ("ARTIST", "The Testers"), ("DATE", "2003")]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stages, "STAGES", (stages.ORGANIZE, METADATA))
    monkeypatch.setattr(run, "LocalEngine", HereEngine)
    hurry(monkeypatch)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Yield services at the addresses that the environment names, with keys for all of them."""
    with serving() as site:
        fill(site)
        settings = site.settings("tags").model_dump()
        for name in settings:
            if name.endswith("_url") or name == "patience":
                monkeypatch.setenv(f"SDA_METADATA_{name.upper()}", str(settings[name]))
        for name, value in environment().items():
            monkeypatch.setenv(name, value)
        yield site


def made(library: Path, name: str, tags: list[tuple[str, str | bytes]] | None = None) -> Track:
    track = Track(library / name)
    track.folder.mkdir(parents=True)
    tag_files.flac(track.folder / "full_mix.flac", TAGS if tags is None else tags, seconds=61.0)
    return track


@pytest.fixture
def track(tmp_path: Path) -> Track:
    return made(tmp_path / "data" / "library", "Ñandú_one")


def sda(*words: str) -> int:
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback(invoke_without_command=True)(root)
    app.command("metadata")(command.metadata)
    return int(app(args=["metadata", *words], standalone_mode=False, prog_name="sda") or 0)


def document(capsys: pytest.CaptureFixture[str], schema: dict[str, Any] = view.METADATA_SCHEMA) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(shown, schema)
    return shown


def test_tags_of_a_library(track: Track, capsys: pytest.CaptureFixture[str]) -> None:
    assert sda() == 0
    shown = capsys.readouterr()
    assert "1 track done" in shown.out
    assert "Known of 1 track: title 1, artists 1, release_date 1, release_year 1." in shown.out
    assert read_info(track.info)["artists"] == ["The Testers"]
    assert sda(str(track.folder), "--json") == 0
    told = document(capsys)
    assert told["libraries"][0]["tracks"] == {"done": 0, "skipped": 1, "failed": 0, "unfinished": 0}
    assert told["renamed"] == []
    assert sda("--force", "all", "--json") == 0
    assert document(capsys)["libraries"][0]["tracks"]["done"] == 1


def test_services_that_are_named_are_asked_and_no_others(
    track: Track, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sda() == 0
    assert site.asked == []
    assert sda("--sources", "tags,musicbrainz") == 0
    assert {path.split("/")[1] for path in site.paths()} == {"mb"}
    assert sda("--sources", "tags,musicbrainz,spotify,tidal") == 0
    info = read_info(track.info)
    assert (info["musicbrainz_id"], info["popularity"], info["tidal_id"]) == (RECORDING, 42, "77646168")
    asked = len(site.asked)
    assert sda("--sources", "tags,musicbrainz,spotify,tidal", "--force", "all") == 0
    assert len(site.asked) > asked
    capsys.readouterr()


def test_keys_are_in_no_file_and_in_no_output(
    track: Track, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SDA_GENERAL_VERBOSITY", "verbose")
    site.put("/tidal/tracks", says({}, 503), says({"data": []}))
    assert sda("--sources", "tags,musicbrainz,acoustid,spotify,tidal", "--json") == 0
    assert track.info.exists()
    shown = capfd.readouterr()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"run-" in b" ".join(str(path).encode() for path in tmp_path.rglob("*.jsonl"))
    for secret in (ACOUSTID_KEY, SPOTIFY_SECRET, TIDAL_SECRET, TOKEN, "spotify-name", "tidal-name"):
        assert secret.encode() not in written
        assert secret not in shown.out + shown.err


def test_a_dry_run_shows_what_would_change_and_changes_nothing(
    track: Track, site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = made(tmp_path / "data" / "library", "done", [("TITLE", "Red")])
    assert sda(str(other.folder)) == 0
    safe_update(track.info, {"artists": ["Me"]})
    before = {path: path.read_bytes() for path in (tmp_path / "data" / "library").rglob("*") if path.is_file()}
    words = ("--dry-run", "--sources", "tags", "--normalise-names")
    capsys.readouterr()
    assert sda(*words, "--json") == 0
    told = document(capsys, view.METADATA_PREVIEW_SCHEMA)
    [one] = told["tracks"]
    assert one["track"] == "Ñandú_one"
    assert one["changes"]["title"] == {"before": None, "after": "Blue Café"}
    assert one["kept"] == ["artists"]
    assert one["new_name"] == "Nandu one"
    assert told["skipped"] == ["done"]
    assert sda(*words) == 0
    shown = capsys.readouterr().out
    assert "  title: Blue Café" in shown
    assert "  yours, kept: artists" in shown
    assert "  name: Nandu one" in shown
    assert "1 track to look at, 1 with nothing left to do" in shown
    assert sda("--dry-run", "--sources", "tags,musicbrainz") == 0
    assert "  album: Songs" in capsys.readouterr().out
    after = {path: path.read_bytes() for path in (tmp_path / "data" / "library").rglob("*") if path.is_file()}
    assert after == before


def test_a_dry_run_shows_values_that_would_go(track: Track, capsys: pytest.CaptureFixture[str]) -> None:
    assert sda() == 0
    tag_files.flac(track.folder / "full_mix.flac", [("TITLE", "Red")])
    capsys.readouterr()
    assert sda("--dry-run") == 0
    shown = capsys.readouterr().out
    assert "  title: Blue Café -> Red" in shown
    assert "  artists: The Testers -> (removed)" in shown
    assert sda("--force", "all") == 0
    capsys.readouterr()
    assert sda("--dry-run", "--force", "all") == 0
    assert "no value would change" in capsys.readouterr().out


def test_names_are_normalised_only_when_asked_for(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    library = tmp_path / "data" / "library"
    made(library, "夜の歌", [])
    assert sda() == 0
    assert track.folder.is_dir()
    capsys.readouterr()
    assert sda("--normalise-names") == 0
    shown = capsys.readouterr()
    assert "Ñandú_one is called Nandu one now." in shown.out
    assert "夜の歌 keeps its name" in shown.err
    assert sorted(path.name for path in library.iterdir()) == ["Nandu one", "夜の歌"]
    assert read_info(library / "Nandu one" / "Nandu one.INFO")["title"] == "Blue Café"
    made(library, "Łódź")
    monkeypatch.setenv("SDA_METADATA_NORMALISE_NAMES", "true")
    assert sda("--json") == 0
    assert document(capsys)["renamed"] == [{"before": "Łódź", "after": "Lodz"}]
    assert sda("--dry-run") == 0
    assert "夜の歌 keeps its name" in capsys.readouterr().out


def test_a_renaming_that_fails_is_told(
    track: Track, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sda() == 0
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError(30, "Read-only file system")))
    capsys.readouterr()
    assert sda("--normalise-names", "--json") == 1
    assert "Read-only" in document(capsys)["failures"][0]["why"]


def test_recordings_in_no_library_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tag_files.flac(tmp_path / "tape.flac", TAGS)
    assert sda("tape.flac") == 0
    shown = capsys.readouterr().out
    assert "  artists: The Testers" in shown
    assert "not known: " in shown
    assert sda("tape.flac", "--json") == 0
    assert document(capsys)["files"][0]["values"]["title"] == "Blue Café"
    assert sda("tape.flac", "--dry-run", "--json") == 0
    assert document(capsys, view.METADATA_PREVIEW_SCHEMA)["files"][0]["values"]["release_year"] == 2003
    assert sda("tape.flac", "--dry-run") == 0
    assert "0 tracks to look at" in capsys.readouterr().out


def test_services_in_trouble_are_a_warning(track: Track, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.put("/mb/recording", says({}, 503))
    assert sda("--sources", "tags,musicbrainz") == 0
    shown = capsys.readouterr()
    assert "MusicBrainz answered HTTP 503." in shown.err
    assert "the next run asks again" in shown.err
    assert read_info(track.info)["title"] == "Blue Café"


def test_offline(track: Track, site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SDA_GENERAL_OFFLINE", "true")
    assert sda("--sources", "tags,musicbrainz,spotify") == 0
    assert "Left out, because general.offline is set: MusicBrainz, Spotify." in capsys.readouterr().err
    assert site.asked == []
    assert read_info(track.info)["title"] == "Blue Café"
    assert sda(str(track.folder), "--dry-run", "--sources", "tags,musicbrainz") == 0
    assert "general.offline" in capsys.readouterr().err


def test_damaged_info_is_a_failure_of_that_track_alone(
    track: Track, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = made(tmp_path / "data" / "library", "broken")
    broken.info.write_text("{")
    assert sda("--json") == 1
    told = document(capsys)
    assert told["libraries"][0]["tracks"] == {"done": 1, "skipped": 0, "failed": 1, "unfinished": 0}
    assert sda("--dry-run", "--json") == 1
    assert document(capsys, view.METADATA_PREVIEW_SCHEMA)["failures"][0]["file"].endswith("broken")
    assert sda("--dry-run") == 1
    assert "FAILED" in capsys.readouterr().out
    assert sda() == 1
    assert track.info.exists()
    capsys.readouterr()


def test_a_cache_that_cannot_be_written_is_a_failure(
    track: Track, site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data" / "cache").write_text("a file")
    assert sda(str(track.folder), "--dry-run", "--sources", "tags,musicbrainz", "--json") == 1
    assert "cache" in document(capsys, view.METADATA_PREVIEW_SCHEMA)["failures"][0]["what"]
    assert site.asked == []


def test_crops_are_refused(track: Track) -> None:
    crop = made(track.folder / "crops", "Ñandú_one_1")
    with pytest.raises(UsageError, match="is a crop"):
        sda(str(crop.folder))


@pytest.mark.parametrize("words", [["--sources", "tags,radio"], ["--sources", ""]])
def test_wrong_words(track: Track, words: list[str]) -> None:
    assert track.folder.is_dir()
    with pytest.raises(UsageError):
        sda(*words)
    with pytest.raises(StoreError, match="There is nothing at"):
        sda("nowhere")
