"""All sources together, for one recording."""

from pathlib import Path

import pytest

from small_dataset_audio.config.metadata import Metadata
from small_dataset_audio.dataset.metadata.collect import Collected, Collector
from small_dataset_audio.dataset.metadata.sources.choice import choose
from small_dataset_audio.dataset.metadata.sources.credentials import Credentials
from small_dataset_audio.dataset.metadata.values import KEYS
from support import tag_files
from support.metadata_server import (
    ACOUSTID_KEY,
    ISRC,
    OTHER_RECORDING,
    RECORDING,
    SPOTIFY_SECRET,
    SPOTIFY_TRACK,
    TIDAL_SECRET,
    TIDAL_TRACK,
    TOKEN,
    Site,
    environment,
    recording,
    says,
)

TAGS: list[tuple[str, str | bytes]] = [("TITLE", "Blue Café"), ("ARTIST", "The Testers")]
ALL = ("tags", "musicbrainz", "acoustid", "spotify", "tidal")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Return a recording of 61 seconds that says title and artist."""
    return tag_files.flac(tmp_path / "song.flac", TAGS, seconds=61.0)


def fpcalc(folder: Path) -> str:
    program = folder / "fpcalc"
    program.write_text('#!/bin/sh\necho \'{"duration": 61, "fingerprint": "AQAD"}\'\n')
    program.chmod(0o755)
    return str(program)


def collector(
    site: Site, folder: Path, *sources: str, offline: bool = False, keys: bool = True, **more: object
) -> Collector:
    settings = site.settings(*sources, fpcalc=fpcalc(folder), **more)
    credentials = Credentials.of(environment() if keys else {})
    return Collector(settings, folder / "cache", offline=offline, credentials=credentials)


def collect(site: Site, song: Path, *sources: str, **more: object) -> Collected:
    return collector(site, song.parent, *sources, **more).collect(song, song.stem)  # type: ignore[arg-type]


def test_tags_alone_ask_nobody(site: Site, song: Path) -> None:
    found = Collector(Metadata(), song.parent / "cache").collect(song, "song")
    assert found.values == {"title": "Blue Café", "artists": ["The Testers"]}
    assert set(found.absent) == set(KEYS) - {"title", "artists"}
    assert found.absent["popularity"] == "Only Spotify can tell it, and metadata.sources does not name it."
    assert found.absent["album"] == "The tags do not say it."
    assert found.notes == {"from": {"title": "tags", "artists": "tags"}}
    assert found.open_questions == {}
    assert site.asked == []
    assert not (song.parent / "cache").exists()


def test_everything_from_everybody(site: Site, song: Path) -> None:
    found = collect(site, song, *ALL)
    assert found.values == {
        "title": "Blue Café",
        "artists": ["The Testers"],
        "album": "Songs",
        "release_date": "2003-05-17",
        "release_year": 2003,
        "label": "Test Label",
        "genres": ["bossa nova", "jazz"],
        "popularity": 42,
        "isrc": ISRC,
        "musicbrainz_id": RECORDING,
        "spotify_id": SPOTIFY_TRACK,
        "tidal_id": TIDAL_TRACK,
    }
    assert list(found.values) == [key for key in KEYS if key in found.values]
    assert found.absent == {"licence": "The tags do not say it."}
    assert found.notes["musicbrainz"]["score"] == 1.0
    assert found.notes["from"]["album"] == "musicbrainz"
    assert "/acoustid/lookup" not in site.paths()  # the last resort was not needed
    asked = len(site.asked)
    assert collect(site, song, *ALL) == found
    assert len(site.asked) == asked


def test_the_first_source_that_knows_counts(site: Site, song: Path) -> None:
    assert collect(site, song, "musicbrainz", "tags").values["artists"] == ["The Testers", "Ann Other"]
    assert collect(site, song, "musicbrainz").values.get("title") is None


def test_nothing_that_does_not_fit_is_written(site: Site, song: Path) -> None:
    site.put("/mb/recording", says({"recordings": [recording(title="Blue Kitchen")]}))
    found = collect(site, song, "tags", "musicbrainz")
    assert found.values == {"title": "Blue Café", "artists": ["The Testers"]}
    assert "MusicBrainz: the nearest recording fits by" in found.absent["album"]
    assert found.notes["musicbrainz"]["score"] < 0.85
    assert found.open_questions == {}


def test_not_found_is_asked_once(site: Site, song: Path) -> None:
    site.put("/mb/recording", says({"recordings": []}))
    found = [collect(site, song, "tags", "musicbrainz", "spotify") for _ in range(3)]
    assert site.paths() == ["/mb/recording"]
    assert found[-1].absent["spotify_id"] == "Spotify: it is asked by ISRC, and none is known."
    collector(site, song.parent, "tags", "musicbrainz").collect(song, "song", fresh=True)
    assert site.paths() == ["/mb/recording"] * 2


def test_a_recording_without_tags_is_known_by_its_sound(site: Site, tmp_path: Path) -> None:
    silent = tag_files.flac(tmp_path / "track 7.flac", [], seconds=61.0)
    found = collect(site, silent, "tags", "musicbrainz", "acoustid")
    assert found.values["musicbrainz_id"] == RECORDING
    assert found.values["album"] == "Songs"
    assert found.notes["acoustid"]["by"] == "fingerprint"
    assert found.notes["musicbrainz"]["by"] == "identifier"
    alone = collect(site, silent, "acoustid")
    assert alone.values == {"artists": ["The Testers"], "musicbrainz_id": RECORDING}


def test_a_name_is_asked_by_but_never_written(site: Site, tmp_path: Path) -> None:
    silent = tag_files.flac(tmp_path / "03 - The Testers - Blue Café.flac", [], seconds=61.0)
    found = collect(site, silent, "tags", "musicbrainz")
    assert found.values["musicbrainz_id"] == RECORDING
    assert "title" not in found.values
    assert found.notes["asked_by_name"] is True
    half = tag_files.flac(tmp_path / "The Testers - Blue Café.flac", [("TITLE", "Blue Cafe")], seconds=61.0)
    assert collect(site, half, "tags", "musicbrainz").values["musicbrainz_id"] == RECORDING


def test_an_identifier_in_the_tags(site: Site, tmp_path: Path) -> None:
    known = tag_files.flac(tmp_path / "a.flac", [("MUSICBRAINZ_TRACKID", RECORDING)], seconds=61.0)
    assert collect(site, known, "tags", "musicbrainz", "acoustid").notes["musicbrainz"]["by"] == "identifier"
    assert "/acoustid/lookup" not in site.paths()
    found = collect(site, known, "acoustid")
    assert found.absent["musicbrainz_id"] == "AcoustID was not asked, because the tags name the recording."


def test_various_artists_are_repaired(site: Site, tmp_path: Path) -> None:
    repaired = tag_files.flac(
        tmp_path / "a.flac", [("TITLE", "The Testers - Blue Café"), ("ARTIST", "VA")], seconds=61.0
    )
    found = collect(site, repaired, "tags")
    assert found.values["artists"] == ["The Testers"]
    assert "repaired" in found.notes


def test_a_damaged_tag_says_what_may_help(site: Site, tmp_path: Path) -> None:
    song = tag_files.flac(tmp_path / "a.flac", [("TITLE", b"Caf\xe9")])
    assert "metadata.tag_encoding" in collect(site, song, "tags").absent["title"]
    song.write_bytes(b"RIFFxxxxnothing")
    assert "cannot be read" in collect(site, song, "tags").absent["title"]


@pytest.mark.parametrize(
    ("path", "source", "sentence"),
    [
        ("/mb/recording", "musicbrainz", "MusicBrainz answered HTTP 503."),
        ("/acoustid/lookup", "acoustid", "AcoustID answered HTTP 503."),
        ("/spotify-token", "spotify", "Spotify answered HTTP 503."),
        ("/tidal/tracks", "tidal", "Tidal answered HTTP 503."),
    ],
)
def test_what_could_not_be_asked_stays_open(site: Site, song: Path, path: str, source: str, sentence: str) -> None:
    site.put(path, says({}, 503))
    if source == "acoustid":
        site.put("/mb/recording", says({"recordings": []}))
    found = collect(site, song, *ALL)
    assert found.open_questions == {source: sentence}
    assert found.warnings == (sentence,)
    assert found.values["title"] == "Blue Café"


def test_a_refused_key_is_not_tried_for_every_track(site: Site, song: Path) -> None:
    site.put("/mb/isrc/" + ISRC, says({}, 404))
    site.put("/spotify-token", says({}, 400))
    tagged = tag_files.flac(song.parent / "b.flac", [*TAGS, ("ISRC", ISRC)])
    opened = collector(site, song.parent, "tags", "spotify")
    found = [opened.collect(tagged, "b") for _ in range(3)]
    assert "SDA_SPOTIFY_CLIENT_ID" in found[-1].open_questions["spotify"]
    assert site.paths() == ["/spotify-token"]


def test_offline_nobody_is_asked(site: Site, song: Path) -> None:
    found = collect(site, song, *ALL, offline=True)
    assert found.values == {"title": "Blue Café", "artists": ["The Testers"]}
    [warning] = found.warnings
    assert warning == "Left out, because general.offline is set: MusicBrainz, AcoustID, Spotify, Tidal."
    assert set(found.open_questions) == {"musicbrainz", "acoustid", "spotify", "tidal"}
    assert warning in found.absent["album"]
    assert site.asked == []


def test_without_keys_or_fpcalc_it_is_told_how_to_get_them(site: Site, song: Path) -> None:
    found = collect(site, song, *ALL, keys=False)
    assert set(found.open_questions) == {"acoustid", "spotify", "tidal"}
    assert "SDA_ACOUSTID_KEY" in found.open_questions["acoustid"]
    assert "SDA_SPOTIFY_CLIENT_SECRET" in found.open_questions["spotify"]
    assert found.values["album"] == "Songs"
    settings = Metadata(sources=["acoustid"], fpcalc="no-such-program")
    lack = choose(settings, Credentials(acoustid="k"), offline=False).left_out["acoustid"]
    assert "fpcalc" in lack
    assert "libchromaprint-tools" in lack


def test_sources_are_asked_once_however_often_they_are_named() -> None:
    choice = choose(Metadata(sources=["tags", "tags"]), Credentials(), offline=True)
    assert choice.sources == ("tags",)
    assert choice.left_out == {}


def test_keys_are_written_nowhere(site: Site, song: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    site.put("/mb/recording", says({}, 503), says({"recordings": []}))
    opened = collector(site, song.parent, *ALL)
    found = opened.collect(song, "song")
    written = b"".join(path.read_bytes() for path in (song.parent / "cache").rglob("*") if path.is_file())
    told = f"{found} {opened.__dict__} {Credentials.of(environment())} {caplog.text}".encode()
    for secret in (ACOUSTID_KEY, SPOTIFY_SECRET, TIDAL_SECRET, TOKEN, "spotify-name", "tidal-name"):
        assert secret.encode() not in written
        assert secret.encode() not in told
    assert any(one.form.get("client") == ACOUSTID_KEY for one in site.asked)


def test_halves_of_keys_are_none() -> None:
    assert (
        Credentials.of({"SDA_SPOTIFY_CLIENT_ID": "x", "SDA_TIDAL_CLIENT_SECRET": "y", "SDA_ACOUSTID_KEY": " "})
        == Credentials()
    )


def test_a_recording_of_unknown_length(site: Site, tmp_path: Path) -> None:
    """Only its tags can be read: the length neither speaks for a match nor against it."""
    head = tag_files.m4a(tmp_path / "a.m4a", {"\xa9nam": ["Blue Café"], "\xa9ART": ["The Testers"]})
    assert collect(site, head, "tags", "musicbrainz").notes["musicbrainz"]["score"] == 0.875


def test_another_recording_in_the_tags_leads_nowhere_wrong(site: Site, tmp_path: Path) -> None:
    wrong = tag_files.flac(tmp_path / "a.flac", [*TAGS, ("MUSICBRAINZ_TRACKID", OTHER_RECORDING)], seconds=61.0)
    found = collect(site, wrong, "musicbrainz")
    assert found.values["musicbrainz_id"] == RECORDING
