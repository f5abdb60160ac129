"""Each service by itself, against a server that speaks its protocol."""

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from small_dataset_audio.dataset.metadata.matching import Facts
from small_dataset_audio.dataset.metadata.sources import acoustid, musicbrainz, spotify, tidal
from small_dataset_audio.dataset.metadata.sources.credentials import Credentials
from small_dataset_audio.dataset.metadata.sources.found import Found
from small_dataset_audio.dataset.metadata.sources.question import NotAllowed, Trouble
from small_dataset_audio.dataset.metadata.sources.services import Services
from support.metadata_server import (
    ACOUSTID_KEY,
    COMPILATION,
    ISRC,
    OTHER_RECORDING,
    RECORDING,
    RELEASE,
    SPOTIFY_SECRET,
    SPOTIFY_TRACK,
    TIDAL_TRACK,
    TOKEN,
    Site,
    acoustid_answer,
    environment,
    recording,
    says,
    spotify_track,
    tidal_track,
)
from support.signals import tone, write_audio

ASKED = Facts("Blue Café", ["The Testers"], 61.0)
BY_CODE = Facts("Blue Café", ["The Testers"], 61.0, [ISRC])
EVERYTHING = {
    "musicbrainz_id": RECORDING,
    "artists": ["The Testers", "Ann Other"],
    "album": "Songs",
    "release_date": "2003-05-17",
    "label": "Test Label",
    "genres": ["bossa nova", "jazz"],
    "isrc": ISRC,
}


@pytest.fixture
def services(site: Site, tmp_path: Path) -> Services:
    settings = site.settings(
        "musicbrainz", "acoustid", "spotify", "tidal", fpcalc=str(heard(tmp_path)), contact="me@example.org"
    )
    return Services(settings, tmp_path / "cache", Credentials.of(environment()))


def heard(folder: Path, output: str = '{"duration": 61.2, "fingerprint": "AQAD"}', status: int = 0) -> Path:
    """Return a stand-in for fpcalc."""
    program = folder / "fpcalc"
    program.write_text(f"#!/bin/sh\nprintf '%s' '{output}'\nexit {status}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_musicbrainz_by_title_and_artist(site: Site, services: Services) -> None:
    found = services.musicbrainz.find(ASKED)
    assert found == Found(EVERYTHING, {"by": "search", "score": 1.0})
    assert site.paths() == ["/mb/recording", f"/mb/recording/{RECORDING}", f"/mb/release/{RELEASE}"]
    assert site.asked[0].params["query"] == "recording:(blue cafe) AND artist:(the testers)"
    assert all(one.params["fmt"] == "json" for one in site.asked)
    assert site.asked[0].headers["user-agent"].endswith("( me@example.org )")


def test_musicbrainz_by_isrc_and_by_identifier(site: Site, services: Services) -> None:
    assert services.musicbrainz.find(BY_CODE).notes["by"] == "isrc"
    assert site.paths()[0] == f"/mb/isrc/{ISRC}"
    found = services.musicbrainz.find(Facts(), None, RECORDING)
    assert found.values == EVERYTHING
    assert found.notes == {"by": "identifier"}


def test_an_isrc_of_another_recording_is_not_believed(site: Site, services: Services) -> None:
    site.put(
        f"/mb/isrc/{ISRC}", says({"recordings": [recording(id=OTHER_RECORDING, title="Red Kitchen", length=200_000)]})
    )
    assert services.musicbrainz.find(BY_CODE).values["musicbrainz_id"] == RECORDING


def test_an_identifier_that_is_gone_leads_to_a_search(site: Site, services: Services) -> None:
    assert services.musicbrainz.find(ASKED, None, OTHER_RECORDING).notes["by"] == "search"


def test_musicbrainz_takes_nothing_that_does_not_fit(site: Site, services: Services) -> None:
    site.put("/mb/recording", says({"recordings": [recording(title="Blue Café (live)", length=200_000)]}))
    found = services.musicbrainz.find(ASKED)
    assert found.values == {}
    assert "metadata.minimum_score asks for 0.85" in found.reason
    assert found.notes["score"] < 0.85


def test_that_a_recording_is_live_may_stand_beside_its_title(site: Site, services: Services) -> None:
    live = recording(disambiguation="live, 2003-05-17: Somewhere")
    site.put("/mb/recording", says({"recordings": [live]}))
    assert services.musicbrainz.find(ASKED).values == {}
    assert (
        services.musicbrainz.find(Facts("Blue Café (Live)", ["The Testers"], 61.0)).values["musicbrainz_id"]
        == RECORDING
    )


@pytest.mark.parametrize(
    ("asked", "reason"),
    [(Facts(), "neither"), (Facts("Blue"), "neither"), (Facts("!!!", ["?"], 1.0), "no such recording")],
)
def test_musicbrainz_needs_something_to_go_by(services: Services, asked: Facts, reason: str) -> None:
    assert reason in services.musicbrainz.find(asked).reason


def test_of_equal_recordings_the_earliest_counts(site: Site, services: Services) -> None:
    later = recording(id=OTHER_RECORDING, **{"first-release-date": "2010"})
    site.put("/mb/recording", says({"recordings": [later, recording()]}))
    assert services.musicbrainz.find(ASKED).values["musicbrainz_id"] == RECORDING


def test_the_record_of_the_tags_counts_before_the_first_one(site: Site, services: Services) -> None:
    assert services.musicbrainz.find(ASKED, "Cafes of the World").values["album"] == "Cafés of the World"
    assert site.paths()[-1] == f"/mb/release/{COMPILATION}"


def test_various_artists_are_nobody_at_musicbrainz_either(site: Site, services: Services) -> None:
    many = {"name": "Various Artists", "artist": {"id": "89ad4ac3-39f7-470e-963a-56509c546377"}}
    site.put(f"/mb/recording/{RECORDING}", says(recording(**{"artist-credit": [many]}, isrcs=[ISRC, "USRC17607839"])))
    found = services.musicbrainz.find(ASKED).values
    assert "artists" not in found
    assert "isrc" not in found  # two of them, and nothing to choose by


def test_a_recording_on_no_record(site: Site, services: Services) -> None:
    site.put(f"/mb/recording/{RECORDING}", says({"id": RECORDING, "title": "Blue Café"}))
    assert services.musicbrainz.find(ASKED).values == {"musicbrainz_id": RECORDING}
    site.put("/mb/isrc/none", says({}))
    site.put("/mb/recording", says({"recordings": []}))
    assert services.musicbrainz.find(Facts("Red", ["X"])).reason == "it knows no such recording"


def test_a_recording_that_vanishes_between_two_questions(site: Site, services: Services) -> None:
    site.put(f"/mb/recording/{RECORDING}", says({}, 404))
    assert services.musicbrainz.find(ASKED).reason == "it knows no such recording"


def test_acoustid_by_sound(site: Site, services: Services, tmp_path: Path) -> None:
    found = services.acoustid.find(tmp_path / "a.wav", ASKED)
    assert found.values == {"musicbrainz_id": RECORDING, "artists": ["The Testers"]}
    assert found.notes == {"by": "fingerprint", "score": 1.0, "fingerprint_score": 0.97}
    [asked] = site.asked
    assert asked.method == "POST"
    assert asked.params == {}
    assert asked.form == {
        "format": "json",
        "meta": "recordings",
        "duration": "61",
        "fingerprint": "AQAD",
        "client": ACOUSTID_KEY,
    }


@pytest.mark.parametrize(
    ("answer", "asked", "reason"),
    [
        ({"status": "ok", "results": []}, ASKED, "nothing that sounds like"),
        (acoustid_answer(score=0.5), ASKED, "nothing that sounds like"),
        (acoustid_answer(duration=600), ASKED, "nothing that sounds like"),
        (acoustid_answer(title="Red Kitchen"), ASKED, "fits by"),
        (
            {
                "results": [
                    {
                        "score": 1,
                        "recordings": [
                            {"id": RECORDING, "title": "Blue", "artists": [{"name": "A"}]},
                            {"id": OTHER_RECORDING, "title": "Red", "artists": [{"name": "B"}]},
                        ],
                    }
                ]
            },
            Facts(),
            "several recordings",
        ),
    ],
)
def test_acoustid_takes_nothing_that_does_not_fit(
    site: Site, services: Services, tmp_path: Path, answer: dict[str, Any], asked: Facts, reason: str
) -> None:
    site.put("/acoustid/lookup", says(answer))
    found = services.acoustid.find(tmp_path / "a.wav", asked)
    assert found.values == {}
    assert reason in found.reason


def test_acoustid_without_any_tags(services: Services, tmp_path: Path) -> None:
    assert services.acoustid.find(tmp_path / "a.wav", Facts()).values["musicbrainz_id"] == RECORDING


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_wrong_key_of_acoustid(site: Site, services: Services, tmp_path: Path, status: int) -> None:
    site.put("/acoustid/lookup", says({"status": "error", "error": {"code": 4, "message": "invalid API key"}}, status))
    with pytest.raises(NotAllowed, match="SDA_ACOUSTID_KEY"):
        services.acoustid.find(tmp_path / "a.wav", ASKED)


def test_other_trouble_of_acoustid(site: Site, services: Services, tmp_path: Path) -> None:
    site.put("/acoustid/lookup", says({}, 503))
    with pytest.raises(Trouble, match="503"):
        services.acoustid.find(tmp_path / "a.wav", ASKED)


@pytest.mark.parametrize(
    ("output", "status", "reason"),
    [
        ("", 1, "too short or silent"),
        ("nonsense", 0, "does not work"),
        ("[]", 0, "too short or silent"),
        ('{"duration": 1, "fingerprint": ""}', 0, "too short or silent"),
        ('{"fingerprint": "AQ"}', 0, "too short or silent"),
    ],
)
def test_a_fingerprint_that_is_none(
    site: Site, services: Services, tmp_path: Path, output: str, status: int, reason: str
) -> None:
    heard(tmp_path, output, status)
    assert reason in services.acoustid.find(tmp_path / "a.wav", ASKED).reason
    assert site.asked == []


def test_fpcalc_that_hangs_or_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "fpcalc"
    program.write_text("#!/bin/sh\nexec sleep 30\n")
    program.chmod(0o755)
    monkeypatch.setattr(acoustid, "_PATIENCE", 0.2)
    with pytest.raises(acoustid.NoFingerprint, match="did not finish"):
        acoustid.fingerprint(str(program), tmp_path / "a.wav")
    with pytest.raises(acoustid.NoFingerprint, match="does not work"):
        acoustid.fingerprint(str(tmp_path / "gone"), tmp_path / "a.wav")


@pytest.mark.skipif(not acoustid.program_found("fpcalc"), reason="fpcalc is not installed")
def test_the_real_fpcalc(tmp_path: Path) -> None:
    made = acoustid.fingerprint("fpcalc", write_audio(tmp_path / "-a.wav", tone(12.0)))
    assert made.seconds == 12
    assert len(made.text) > 20


def test_spotify_by_isrc(site: Site, services: Services) -> None:
    found = services.spotify.find(ISRC, BY_CODE)
    assert found == Found({"spotify_id": SPOTIFY_TRACK, "popularity": 42}, {"by": "isrc", "score": 1.0})
    token, search = site.asked
    assert token.form == {"grant_type": "client_credentials"}
    pair = base64.b64decode(token.headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == f"spotify-name:{SPOTIFY_SECRET}"
    assert search.params == {"q": f"isrc:{ISRC}", "type": "track", "limit": "10"}
    assert search.headers["authorization"] == f"Bearer {TOKEN}"
    services.spotify.find("USRC17607839", BY_CODE)
    assert site.paths().count("/spotify-token") == 1


def test_what_is_remembered_needs_no_token(site: Site, services: Services, tmp_path: Path) -> None:
    services.spotify.find(ISRC, BY_CODE)
    again = Services(site.settings("spotify"), tmp_path / "cache", Credentials.of(environment()))
    before = len(site.asked)
    assert again.spotify.find(ISRC, BY_CODE).values["popularity"] == 42
    assert len(site.asked) == before


def test_of_several_editions_the_best_and_then_the_most_popular(site: Site, services: Services) -> None:
    tracks = [
        spotify_track(id="1" * 22, popularity=90, duration_ms=90_000),
        spotify_track(id="2" * 22, popularity=None),
        spotify_track(id="3" * 22, popularity=50),
        spotify_track(id="4" * 22, popularity=99, external_ids={"isrc": "USRC17607839"}),
        spotify_track(id="short", popularity=99),
    ]
    site.put("/spotify/search", says({"tracks": {"items": tracks}}))
    assert services.spotify.find(ISRC, BY_CODE).values == {"spotify_id": "3" * 22, "popularity": 50}


def test_spotify_without_popularity_or_without_the_recording(site: Site, services: Services) -> None:
    track = spotify_track()
    del track["popularity"]
    site.put("/spotify/search", says({"tracks": {"items": [track]}}))
    assert services.spotify.find(ISRC, Facts()) == Found({"spotify_id": SPOTIFY_TRACK}, {"by": "isrc"})
    services.fresh(again=True)
    site.put("/spotify/search", says({"tracks": {"items": []}}))
    assert services.spotify.find(ISRC, BY_CODE).reason == "it knows no recording with this ISRC"
    site.put("/spotify/search", says({"tracks": {"items": [spotify_track(name="Red Kitchen")]}}))
    assert "fits by" in services.spotify.find(ISRC, BY_CODE).reason


def test_a_token_that_was_withdrawn_is_renewed_once(site: Site, services: Services) -> None:
    site.put("/spotify/search", says({}, 401), says({"tracks": {"items": [spotify_track()]}}))
    assert services.spotify.find(ISRC, BY_CODE).values
    assert site.paths() == ["/spotify-token", "/spotify/search", "/spotify-token", "/spotify/search"]
    services.fresh(again=True)
    site.put("/spotify/search", says({}, 401))
    with pytest.raises(NotAllowed, match="refuses the key"):
        services.spotify.find(ISRC, BY_CODE)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_wrong_key_names_the_variables(site: Site, services: Services, status: int) -> None:
    site.put("/tidal-token", says({"error": "invalid_client"}, status))
    with pytest.raises(NotAllowed, match="SDA_TIDAL_CLIENT_ID and SDA_TIDAL_CLIENT_SECRET"):
        services.tidal.find(ISRC, BY_CODE)
    assert site.paths() == ["/tidal-token"]


@pytest.mark.parametrize("token", [{}, {"access_token": 5}, {"access_token": ""}, {"access_token": "a\nb"}])
def test_a_token_that_is_none(site: Site, services: Services, token: dict[str, object]) -> None:
    site.put("/spotify-token", says(token))
    with pytest.raises(Trouble, match="gave no access token"):
        services.spotify.find(ISRC, BY_CODE)


def test_a_token_service_in_trouble(site: Site, services: Services) -> None:
    site.put("/spotify-token", says({}, 503))
    with pytest.raises(Trouble, match="503"):
        services.spotify.find(ISRC, BY_CODE)


def test_tidal_by_isrc(site: Site, services: Services) -> None:
    found = services.tidal.find(ISRC, BY_CODE)
    assert found == Found({"tidal_id": TIDAL_TRACK}, {"by": "isrc", "score": 1.0})
    asked = site.asked[-1]
    assert asked.params == {"countryCode": "US", "filter[isrc]": ISRC}
    assert asked.headers["accept"] == "application/vnd.api+json"


def test_tidal_of_another_version_or_without_it(site: Site, services: Services) -> None:
    site.put("/tidal/tracks", says({"data": [tidal_track(version="live", duration="PT3M")]}))
    assert "fits by" in services.tidal.find(ISRC, BY_CODE).reason
    services.fresh(again=True)
    site.put("/tidal/tracks", says({"data": []}))
    assert services.tidal.find(ISRC, BY_CODE).reason == "it knows no recording with this ISRC"


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("PT3M25S", 205.0),
        ("PT1H0M0.5S", 3600.5),
        ("P1DT1S", 86401.0),
        ("PT", None),
        ("3:25", None),
        (205, None),
        (None, None),
    ],
)
def test_durations_of_tidal(duration: object, expected: float | None) -> None:
    assert tidal.seconds_of(duration) == expected


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.text(max_size=5)
    | st.sampled_from([RECORDING, ISRC, "Blue Café"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "recordings",
                    "id",
                    "title",
                    "length",
                    "artist-credit",
                    "artist",
                    "name",
                    "releases",
                    "release-group",
                    "isrcs",
                    "genres",
                    "count",
                    "results",
                    "score",
                    "duration",
                    "artists",
                    "tracks",
                    "items",
                    "external_ids",
                    "isrc",
                    "data",
                    "attributes",
                    "label-info",
                    "label",
                    "first-release-date",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(
    st.dictionaries(st.sampled_from(["recordings", "results", "tracks", "data", "releases", "id"]), _JSON, max_size=4)
)
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_answer_however_strange_is_a_crash_or_a_value(tmp_path: Path, answer: dict[str, Any]) -> None:
    class Strange:
        def ask(self, _question: object) -> dict[str, Any]:
            return json.loads(json.dumps(answer))  # type: ignore[no-any-return]

    web: Any = Strange()
    found = [
        musicbrainz.MusicBrainz(web, "", 0.85).find(BY_CODE),
        musicbrainz.MusicBrainz(web, "", 0.85).find(BY_CODE, "Songs", RECORDING),
        spotify.Spotify(web, "", 0.85).find(ISRC, BY_CODE),
        tidal.Tidal(web, "", 0.85, "US").find(ISRC, BY_CODE),
        acoustid.AcoustId(web, "", "key", str(heard(tmp_path)), 0.85).find(tmp_path / "a.wav", BY_CODE),
    ]
    for one in found:
        assert one.values or one.reason
        assert set(one.values) <= {*EVERYTHING, "spotify_id", "tidal_id", "popularity"}
