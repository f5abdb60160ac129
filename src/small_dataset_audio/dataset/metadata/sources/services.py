"""The services, opened when they are first asked."""

from functools import cached_property
from pathlib import Path

from small_dataset_audio.config.metadata import Metadata, Source
from small_dataset_audio.dataset.metadata.sources import acoustid, musicbrainz, spotify, tidal
from small_dataset_audio.dataset.metadata.sources.choice import SPOTIFY_VARIABLES, TIDAL_VARIABLES, TITLES
from small_dataset_audio.dataset.metadata.sources.credentials import Client, Credentials
from small_dataset_audio.dataset.metadata.sources.question import Trouble
from small_dataset_audio.dataset.metadata.sources.tokens import Tokens
from small_dataset_audio.dataset.metadata.sources.web import Manners, Web

_INTERVALS = {
    "musicbrainz": musicbrainz.INTERVAL,
    "acoustid": acoustid.INTERVAL,
    "spotify": spotify.INTERVAL,
    "tidal": tidal.INTERVAL,
}


class Services:
    """The services that can be asked.

    Args:
        settings: how they are asked.
        cache: the folder in which answers are kept.
        credentials: the keys; a service whose key is missing must not be asked.
    """

    def __init__(self, settings: Metadata, cache: Path, credentials: Credentials) -> None:
        manners = Manners(settings.patience, settings.contact)
        self._settings = settings
        self._credentials = credentials
        self._webs: dict[Source, Web] = {
            one: Web(TITLES[one], cache, _INTERVALS[one], manners) for one in TITLES if one != "tags"
        }

    def fresh(self, *, again: bool) -> None:
        """Let remembered answers count or, if ``again``, not."""
        for web in self._webs.values():
            web.fresh = again

    def leave(self, source: Source, trouble: Trouble) -> None:
        """Ask a service nothing more in this run."""
        self._webs[source].leave(trouble)

    @cached_property
    def musicbrainz(self) -> musicbrainz.MusicBrainz:
        """MusicBrainz."""
        settings = self._settings
        return musicbrainz.MusicBrainz(
            self._webs["musicbrainz"], _bare(settings.musicbrainz_url), settings.minimum_score
        )

    @cached_property
    def acoustid(self) -> acoustid.AcoustId:
        """AcoustID."""
        settings, key = self._settings, self._credentials.acoustid or ""
        address = _bare(settings.acoustid_url)
        return acoustid.AcoustId(self._webs["acoustid"], address, key, settings.fpcalc, settings.minimum_score)

    @cached_property
    def spotify(self) -> spotify.Spotify:
        """Spotify."""
        settings = self._settings
        tokens = self._tokens("spotify", settings.spotify_token_url, self._credentials.spotify, SPOTIFY_VARIABLES)
        return spotify.Spotify(tokens, _bare(settings.spotify_url), settings.minimum_score)

    @cached_property
    def tidal(self) -> tidal.Tidal:
        """Tidal."""
        settings = self._settings
        tokens = self._tokens("tidal", settings.tidal_token_url, self._credentials.tidal, TIDAL_VARIABLES)
        return tidal.Tidal(tokens, _bare(settings.tidal_url), settings.minimum_score, settings.country)

    def _tokens(self, source: Source, address: str, client: Client | None, variables: str) -> Tokens:
        return Tokens(self._webs[source], address, client or Client("", ""), variables)


def _bare(address: str) -> str:
    return address.rstrip("/")
