"""A server that speaks as MusicBrainz, AcoustID, Spotify and Tidal do, with recordings of its own, and behaves as a test says."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from small_dataset_audio.config.metadata import Metadata
from small_dataset_audio.dataset.metadata.sources import services
from small_dataset_audio.dataset.metadata.sources.web import Manners

RECORDING = "11111111-2222-4333-8444-555555555555"
OTHER_RECORDING = "99999999-2222-4333-8444-555555555555"
RELEASE = "aaaaaaaa-2222-4333-8444-555555555555"
COMPILATION = "bbbbbbbb-2222-4333-8444-555555555555"
ISRC = "GBAYE0312345"
SPOTIFY_TRACK = "0123456789abcdefABCDEF"
TIDAL_TRACK = "77646168"
ACOUSTID_KEY, SPOTIFY_SECRET, TIDAL_SECRET = "acoustid-k3y", "sp0tify-s3cret", "t1dal-s3cret"
TOKEN = "t0ken-of-this-run"

Reply = tuple[int, dict[str, str], bytes]
Behaviour = Callable[[], Reply | None]
"""What is answered; None hangs up."""


@dataclass
class Asked:
    """One question as it came."""

    method: str
    path: str
    params: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]
    at: float


@dataclass
class Site:
    """What is served, and what was asked.

    Attributes:
        address: ``http://127.0.0.1:PORT``.
        pages: path -> what is answered there, in the order of the questions; the last one stays.
        asked: every question.
    """

    address: str = ""
    pages: dict[str, list[Behaviour]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def put(self, path: str, *behaviours: Behaviour) -> None:
        """Answer at ``path`` in this way, one after the other."""
        self.pages[path] = list(behaviours)

    def paths(self) -> list[str]:
        """Return the paths of all questions."""
        return [one.path for one in self.asked]

    def settings(self, *sources: str, **more: object) -> Metadata:
        """Return settings with these sources, all of which are here."""
        return Metadata.model_validate(
            {
                "sources": list(sources),
                "patience": 0.5,
                "musicbrainz_url": f"{self.address}/mb",
                "acoustid_url": f"{self.address}/acoustid/",
                "spotify_url": f"{self.address}/spotify",
                "spotify_token_url": f"{self.address}/spotify-token",
                "tidal_url": f"{self.address}/tidal",
                "tidal_token_url": f"{self.address}/tidal-token",
                **more,
            }
        )


def says(content: object, status: int = 200, **headers: str) -> Behaviour:
    """Answer with JSON."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: (status, {"Content-Type": "application/json", **told}, json.dumps(content).encode())


def raw(body: bytes, status: int = 200, **headers: str) -> Behaviour:
    """Answer with exactly these bytes."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: (status, told, body)


def hangs_up() -> Reply | None:
    """End the connection without an answer."""
    return None


def silent(seconds: float) -> Behaviour:
    """Say nothing for a while."""

    def behave() -> Reply | None:
        time.sleep(seconds)
        return None

    return behave


def recording(**other: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a recording as MusicBrainz describes it."""
    return {
        "id": RECORDING,
        "title": "Blue Café",
        "length": 61000,
        "first-release-date": "2003-05-17",
        "isrcs": [ISRC],
        "artist-credit": [
            {"name": "The Testers", "joinphrase": " & ", "artist": {"id": "1", "name": "The Testers"}},
            {"name": "Ann Other", "joinphrase": "", "artist": {"id": "2", "name": "Ann Other"}},
        ],
        "genres": [{"name": "jazz", "count": 2}, {"name": "bossa nova", "count": 7}],
        "releases": [
            {
                "id": COMPILATION,
                "title": "Cafés of the World",
                "status": "Official",
                "date": "2001",
                "release-group": {"primary-type": "Album", "secondary-types": ["Compilation"]},
            },
            {
                "id": RELEASE,
                "title": "Songs",
                "status": "Official",
                "date": "2003-05-17",
                "release-group": {"primary-type": "Album", "secondary-types": []},
            },
        ],
        **other,
    }


def spotify_track(**other: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a track as Spotify describes it."""
    return {
        "id": SPOTIFY_TRACK,
        "name": "Blue Café",
        "duration_ms": 61500,
        "popularity": 42,
        "artists": [{"name": "The Testers"}],
        "external_ids": {"isrc": ISRC},
        **other,
    }


def tidal_track(**other: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a track as Tidal describes it."""
    attributes = {"title": "Blue Café", "version": None, "isrc": ISRC, "duration": "PT1M1S", "popularity": 0.5}
    return {"id": TIDAL_TRACK, "type": "tracks", "attributes": {**attributes, **other}}


def fill(site: Site) -> None:
    """Let the site know one recording, under all its names."""
    site.put("/mb/recording", says({"count": 1, "recordings": [recording(score=100)]}))
    site.put(f"/mb/recording/{RECORDING}", says(recording()))
    site.put(f"/mb/isrc/{ISRC}", says({"isrc": ISRC, "recordings": [recording()]}))
    site.put(f"/mb/release/{RELEASE}", says({"id": RELEASE, "label-info": [{"label": {"name": "Test Label"}}]}))
    site.put("/acoustid/lookup", says(acoustid_answer()))
    for service in ("spotify", "tidal"):
        token = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}
        site.put(f"/{service}-token", says(token))
    site.put("/spotify/search", says({"tracks": {"items": [spotify_track()]}}))
    site.put("/tidal/tracks", says({"data": [tidal_track()]}))


def acoustid_answer(score: float = 0.97, **other: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return what AcoustID says of a fingerprint it knows."""
    heard = {
        "id": RECORDING,
        "title": "Blue Café",
        "duration": 61,
        "artists": [{"id": "1", "name": "The Testers"}],
        **other,
    }
    return {"status": "ok", "results": [{"id": "f00", "score": score, "recordings": [heard]}]}


def environment() -> Mapping[str, str]:
    """Return environment variables with keys for everything."""
    return {
        "SDA_ACOUSTID_KEY": ACOUSTID_KEY,
        "SDA_SPOTIFY_CLIENT_ID": "spotify-name",
        "SDA_SPOTIFY_CLIENT_SECRET": SPOTIFY_SECRET,
        "SDA_TIDAL_CLIENT_ID": "tidal-name",
        "SDA_TIDAL_CLIENT_SECRET": TIDAL_SECRET,
    }


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let services be asked without pauses, and directly."""
    monkeypatch.setattr(services, "_INTERVALS", dict.fromkeys(services._INTERVALS, 0.0))
    monkeypatch.setattr(services, "Manners", partial(Manners, pause=0.01))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        """Answer a question."""
        self._answer({})

    def do_POST(self) -> None:
        """Answer a form."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        self._answer({name: texts[0] for name, texts in parse_qs(body).items()})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Say nothing."""

    def _answer(self, form: dict[str, str]) -> None:
        parts = urlsplit(self.path)
        params = {name: texts[0] for name, texts in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.site.asked.append(Asked(self.command, parts.path, params, form, headers, time.time()))
        behaviours = self.site.pages.get(parts.path)
        behave = (behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]) if behaviours else says({}, 404)
        reply = behave()
        if reply is None:
            self.close_connection = True
            return
        status, told, body = reply
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **told}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True


@contextmanager
def serving() -> Iterator[Site]:
    """Yield a site that is served until the block ends, and knows nothing yet."""
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"site": site}))
    server.daemon_threads = True
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
