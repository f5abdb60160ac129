"""The metadata of one recording, from all the sources that the user named.

What a source that comes first says is not changed by a later one; a service fills in what is missing. What could not be found is
absent, with the reason; what could not be asked leaves the question open for another run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from small_dataset_audio.audio.probe import probe
from small_dataset_audio.config.metadata import Metadata, Source
from small_dataset_audio.dataset.metadata import values
from small_dataset_audio.dataset.metadata.matching import Facts, title_likeness
from small_dataset_audio.dataset.metadata.names import guess_from
from small_dataset_audio.dataset.metadata.sources.choice import TITLES, choose
from small_dataset_audio.dataset.metadata.sources.credentials import Credentials
from small_dataset_audio.dataset.metadata.sources.found import Found
from small_dataset_audio.dataset.metadata.sources.question import NotAllowed, Trouble
from small_dataset_audio.dataset.metadata.tags import Tags, read_tags
from small_dataset_audio.errors import AudioError

if TYPE_CHECKING:
    from small_dataset_audio.dataset.metadata.sources.services import Services

_TELLS: Final[Mapping[Source, frozenset[str]]] = {
    "tags": frozenset(values.KEYS) - {"popularity", "spotify_id", "tidal_id"},
    "musicbrainz": frozenset(
        {"artists", "album", "release_date", "release_year", "label", "genres", "isrc", "musicbrainz_id"}
    ),
    "acoustid": frozenset({"artists", "musicbrainz_id"}),
    "spotify": frozenset({"spotify_id", "popularity"}),
    "tidal": frozenset({"tidal_id"}),
}
"""Which keys a source can tell at all."""
_NO_ISRC: Final = "it is asked by ISRC, and none is known"
_UNDECODED: Final = "The characters of its tag cannot be decoded; metadata.tag_encoding names the encoding of old tags."
_SAME_TITLE: Final = 0.9


@dataclass(frozen=True)
class Collected:
    """What is known of a recording.

    Attributes:
        values: key (`values.KEYS`) -> value.
        absent: the other keys, with the reason.
        notes: where each value comes from, and how well what services offered fits.
        warnings: sentences for the user.
        open_questions: sources that were named and could not be asked, with the reason.
        asked: the others that were named.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    open_questions: Mapping[Source, str] = field(default_factory=dict)
    asked: frozenset[Source] = frozenset()


class Collector:
    """Looks recordings up in the sources that the settings name.

    Args:
        settings: which sources, and how.
        cache: the folder in which answers are kept.
        offline: whether the network may not be used.
        credentials: the keys that the user has; None for those of the environment.
    """

    def __init__(
        self, settings: Metadata, cache: Path, *, offline: bool = False, credentials: Credentials | None = None
    ) -> None:
        keys = Credentials.of() if credentials is None else credentials
        self._settings = settings
        self._choice = choose(settings, keys, offline=offline)
        self._services = _opened(settings, cache, keys) if set(self._choice.sources) - {"tags"} else None

    def collect(self, path: Path, name: str, *, fresh: bool = False) -> Collected:
        """Return what the sources know of the recording at ``path``, which is called ``name``.

        Args:
            path: the recording.
            name: of its track or file; a question may be made of it, never a value.
            fresh: ask again what was answered before.

        Raises:
            AudioError: the recording cannot be read.
            StoreError: the cache cannot be written.
        """
        tags = read_tags(path, self._settings.tag_encoding)
        search = _Search(path, tags, name)
        if self._services is not None:
            self._services.fresh(again=fresh)
            search.ask(self._services, self._choice.sources)
        return self._merged(tags, search)

    def _merged(self, tags: Tags, search: "_Search") -> Collected:
        found = {"tags": Found(tags.values), **search.found}
        made: dict[str, Any] = {}
        origins: dict[str, str] = {}
        for key in values.KEYS:
            source = next((one for one in self._choice.sources if one in found and key in found[one].values), None)
            if source is not None:
                made[key], origins[key] = found[source].values[key], source
        if "release_date" in made:  # of the same source, so that they agree
            made["release_year"] = values.year_of(made["release_date"])
            origins["release_year"] = origins["release_date"]
        notes: dict[str, Any] = {"from": origins} if origins else {}
        notes |= {one: dict(asked.notes) for one, asked in search.found.items() if asked.notes}
        if search.by_name:
            notes["asked_by_name"] = True
        if tags.repaired and origins.get("artists") == "tags":
            notes["repaired"] = "The artists stand in for a name like Various Artists."
        unasked = {**self._choice.left_out, **search.troubles}
        ordered = {key: made[key] for key in values.KEYS if key in made}
        absent = {key: self._why(key, tags, search, unasked) for key in values.KEYS if key not in made}
        asked = frozenset(self._choice.sources) - unasked.keys()
        return Collected(ordered, absent, notes, tuple(dict.fromkeys(unasked.values())), unasked, asked)

    def _why(self, key: str, tags: Tags, search: "_Search", unasked: Mapping[Source, str]) -> str:
        """Return why there is no value called ``key``, in a sentence or two."""
        tellers = [one for one, keys in _TELLS.items() if key in keys]
        named = [one for one in tellers if one in self._settings.sources]
        if not named:
            return f"Only {_listed(tellers)} can tell it, and metadata.sources does not name it."
        said = []
        for one in named:
            if one in unasked:
                said.append(unasked[one])
            elif one == "tags":
                said.append(_why_no_tag(key, tags))
            elif one in search.found:
                reason = search.found[one].reason
                said.append(f"{TITLES[one]}: {reason}." if reason else f"{TITLES[one]} does not say it.")
        return " ".join(said) or f"{_listed(named)} was not asked, because the tags name the recording."


class _Search:
    """What services say of one recording, each asked with what is known by then."""

    def __init__(self, path: Path, tags: Tags, name: str) -> None:
        self._path = path
        self._tags = tags
        self._name = name
        self.found: dict[Source, Found] = {}
        self.troubles: dict[Source, str] = {}
        self.by_name = False

    def ask(self, services: "Services", sources: Sequence[Source]) -> None:
        """Ask those of ``sources`` that are services; the order is that in which one helps the next."""
        asked = self._facts()
        identifier, album = self._tags.values.get("musicbrainz_id"), self._tags.values.get("album")
        if "musicbrainz" in sources:
            self._try("musicbrainz", services, lambda: services.musicbrainz.find(asked, album, identifier))
        unknown = identifier is None and "musicbrainz" not in self.troubles and not self._is_known("musicbrainz_id")
        if "acoustid" in sources and unknown:
            sure = Facts(self._tags.values.get("title"), self._tags.values.get("artists", ()), asked.seconds)
            self._try("acoustid", services, lambda: services.acoustid.find(self._path, sure))
            heard = self.found["acoustid"].values.get("musicbrainz_id") if "acoustid" in self.found else None
            if heard is not None and "musicbrainz" in sources:
                self._try("musicbrainz", services, lambda: services.musicbrainz.find(asked, album, heard))
        codes = [*asked.isrcs, *(one.values["isrc"] for one in self.found.values() if "isrc" in one.values)]
        if "spotify" in sources:
            self._try(
                "spotify", services, lambda: services.spotify.find(codes[0], asked) if codes else Found(reason=_NO_ISRC)
            )
        if "tidal" in sources:
            self._try(
                "tidal", services, lambda: services.tidal.find(codes[0], asked) if codes else Found(reason=_NO_ISRC)
            )

    def _try(self, source: Source, services: "Services", find: Callable[[], Found]) -> None:
        try:
            self.found[source] = find()
        except Trouble as trouble:
            self.troubles[source] = trouble.sentence
            if isinstance(trouble, NotAllowed):
                services.leave(source, trouble)

    def _is_known(self, key: str) -> bool:
        return any(key in one.values for one in self.found.values())

    def _facts(self) -> Facts:
        """Return what the services are asked by: the tags, and where these are silent the name of the recording."""
        stated = self._tags.values
        title, artists = stated.get("title"), list(stated.get("artists", ()))
        guess = guess_from(self._name)
        if guess is not None and title is None:
            title = guess.title
            artists = artists or ([guess.artist] if guess.artist else [])
            self.by_name = True
        elif (
            guess is not None
            and not artists
            and guess.artist
            and title_likeness(title or "", guess.title) >= _SAME_TITLE
        ):
            artists, self.by_name = [guess.artist], True
        try:
            seconds = probe(self._path).seconds
        except AudioError:
            seconds = None
        return Facts(title, artists, seconds, [stated["isrc"]] if "isrc" in stated else [])


def _opened(settings: Metadata, cache: Path, keys: Credentials) -> "Services":
    from small_dataset_audio.dataset.metadata.sources.services import Services  # noqa: PLC0415 - HTTP, where it is used

    return Services(settings, cache, keys)


def _why_no_tag(key: str, tags: Tags) -> str:
    if tags.problem is not None:
        return f"The tags cannot be read: {tags.problem}."
    return _UNDECODED if key in tags.damaged else "The tags do not say it."


def _listed(sources: Sequence[Source]) -> str:
    return " and ".join(TITLES[one] for one in sources)
