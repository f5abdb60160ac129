"""Which of the sources that the user named can be asked here, and what the others lack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from small_dataset_audio.config.metadata import Metadata, Source
from small_dataset_audio.dataset.metadata.sources import acoustid
from small_dataset_audio.dataset.metadata.sources.credentials import (
    ACOUSTID_KEY,
    SPOTIFY_ID,
    SPOTIFY_SECRET,
    TIDAL_ID,
    TIDAL_SECRET,
    Credentials,
)

TITLES: Final[Mapping[Source, str]] = {
    "tags": "the tags",
    "musicbrainz": "MusicBrainz",
    "acoustid": "AcoustID",
    "spotify": "Spotify",
    "tidal": "Tidal",
}
"""What people call them."""
SPOTIFY_VARIABLES: Final = f"{SPOTIFY_ID} and {SPOTIFY_SECRET}"
TIDAL_VARIABLES: Final = f"{TIDAL_ID} and {TIDAL_SECRET}"
_KEYS: Final[Mapping[Source, str]] = {
    "acoustid": f"a free key in the environment variable {ACOUSTID_KEY} (acoustid.org/new-application)",
    "spotify": f"the key of an application in {SPOTIFY_VARIABLES} (developer.spotify.com)",
    "tidal": f"the key of an application in {TIDAL_VARIABLES} (developer.tidal.com)",
}


@dataclass(frozen=True)
class Choice:
    """The sources of a run.

    Attributes:
        sources: those that can be asked, in the order of the settings.
        left_out: the others, each with one sentence that says what it lacks.
    """

    sources: tuple[Source, ...]
    left_out: Mapping[Source, str]


def choose(settings: Metadata, credentials: Credentials, *, offline: bool) -> Choice:
    """Return which sources can be asked.

    Args:
        settings: which ones are wanted.
        credentials: the keys that the user has.
        offline: whether the network may not be used.
    """
    wanted = tuple(dict.fromkeys(settings.sources))
    left_out: dict[Source, str] = {}
    online = [one for one in wanted if one != "tags"]
    if offline and online:
        named = ", ".join(TITLES[one] for one in online)
        left_out = dict.fromkeys(online, f"Left out, because general.offline is set: {named}.")
    for one in online:
        if one not in left_out and (lack := _lack(one, settings, credentials)):
            left_out[one] = f"{TITLES[one]} was left out. {lack}"
    return Choice(tuple(one for one in wanted if one not in left_out), left_out)


def _lack(source: Source, settings: Metadata, credentials: Credentials) -> str | None:
    """Return what keeps a source from being asked and how to get it; None where nothing does."""
    held = {"acoustid": credentials.acoustid, "spotify": credentials.spotify, "tidal": credentials.tidal}
    if source in held and held[source] is None:
        return f"It needs {_KEYS[source]}."
    if source == "acoustid" and not acoustid.program_found(settings.fpcalc):
        return f"It needs the program fpcalc. {acoustid.INSTALL}"
    return None
