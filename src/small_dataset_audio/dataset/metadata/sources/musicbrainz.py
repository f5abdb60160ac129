"""MusicBrainz: recordings by identifier, by ISRC, or by title and artists (its web service, version 2).

It asks for at most one question a second, and for a name by which a program can be told from others.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from small_dataset_audio.dataset.metadata import values
from small_dataset_audio.dataset.metadata.artists import VARIOUS_ARTISTS_ID, is_various
from small_dataset_audio.dataset.metadata.matching import Facts, bare, score, title_likeness, version_words
from small_dataset_audio.dataset.metadata.sources.found import (
    Found,
    inner,
    listed_texts,
    number,
    objects,
    too_far,
)
from small_dataset_audio.dataset.metadata.sources.question import Question

if TYPE_CHECKING:
    from small_dataset_audio.dataset.metadata.sources.web import Web

INTERVAL: Final = 1.05
"""Seconds between two questions (the rule is one second, counted on their side)."""
_DETAILS: Final = "artist-credits+isrcs+genres+releases+release-groups"
_OFFERED: Final = "25"
"""How many recordings a search lists."""
_SAME_ALBUM: Final = 0.8
"""How alike the titles of a record must be to count as that of the tags."""
_JSON: Final = {"fmt": "json"}


@dataclass(frozen=True)
class MusicBrainz:
    """The service.

    Attributes:
        web: how it is asked.
        address: up to and including the version.
        minimum: the score that a recording needs.
    """

    web: "Web"
    address: str
    minimum: float

    def find(self, asked: Facts, album: str | None = None, identifier: str | None = None) -> Found:
        """Return what is known of the recording that fits best.

        Args:
            asked: what is known of it.
            album: the record that its tags name.
            identifier: its own, where that is known; such a recording needs no score.

        Raises:
            Trouble: the service gives no answer.
            StoreError: the cache cannot be written.
        """
        if identifier is not None and (details := self._recording(identifier)) is not None:
            return self._found(details, asked, album, "identifier")
        if not asked.isrcs and not (asked.title and asked.artists):
            return Found(reason="it needs an ISRC, or title and artist, and the recording has neither")
        best, by = self._best(self._by_isrc(asked.isrcs), asked), "isrc"
        if best is None or best[0] < self.minimum:
            best, by = max(filter(None, (best, self._best(self._search(asked), asked))), default=None), "search"
        if best is None:
            return Found(reason="it knows no such recording")
        if best[0] < self.minimum:
            return Found(notes={"score": best[0]}, reason=too_far(best[0], self.minimum))
        details = self._recording(best[1])
        return (
            self._found(details, asked, album, by)
            if details is not None
            else Found(reason="it knows no such recording")
        )

    def _recording(self, identifier: str) -> Mapping[str, Any] | None:
        details = self.web.ask(Question(f"{self.address}/recording/{identifier}", {"inc": _DETAILS, **_JSON}))
        return details if details is not None and values.musicbrainz_id(details.get("id")) else None

    def _by_isrc(self, isrcs: Collection[str]) -> list[Mapping[str, Any]]:
        offered: list[Mapping[str, Any]] = []
        for isrc in isrcs:
            answer = self.web.ask(
                Question(f"{self.address}/isrc/{quote(isrc)}", {"inc": "artist-credits+isrcs", **_JSON})
            )
            offered += [{"isrcs": [isrc], **one} for one in objects(answer, "recordings")]
        return offered

    def _search(self, asked: Facts) -> list[Mapping[str, Any]]:
        title, artists = bare(asked.title or ""), bare(" ".join(asked.artists))
        if not title or not artists:
            return []
        query = f"recording:({title}) AND artist:({artists})"
        answer = self.web.ask(Question(f"{self.address}/recording", {"query": query, "limit": _OFFERED, **_JSON}))
        return objects(answer, "recordings")

    def _best(self, offered: list[Mapping[str, Any]], asked: Facts) -> tuple[float, str] | None:
        """Return the score and identifier of the recording that fits best; of equal ones that which came out first."""
        ranked = [
            (-score(asked, facts_of(one)), values.date(one.get("first-release-date")) or "9999", identifier)
            for one in offered
            if (identifier := values.musicbrainz_id(one.get("id")))
        ]
        return (-min(ranked)[0], min(ranked)[2]) if ranked else None

    def _found(self, details: Mapping[str, Any], asked: Facts, album: str | None, by: str) -> Found:
        release = chosen_release(details, album)
        first = values.date(details.get("first-release-date"))
        made = {
            "musicbrainz_id": values.musicbrainz_id(details.get("id")),
            "artists": facts_of(details).artists,
            "album": values.text(release.get("title")),
            "release_date": first or values.date(release.get("date")),
            "label": self._label(release),
            "genres": values.genres(one.get("name") for one in _by_count(objects(details, "genres"))),
            "isrc": _isrc(details, asked),
        }
        notes = {"by": by, **({"score": score(asked, facts_of(details))} if asked.title else {})}
        return Found({name: value for name, value in made.items() if value}, notes)

    def _label(self, release: Mapping[str, Any]) -> str | None:
        identifier = values.musicbrainz_id(release.get("id"))
        if identifier is None:
            return None
        answer = self.web.ask(Question(f"{self.address}/release/{identifier}", {"inc": "labels", **_JSON}))
        named = (values.text(inner(one, "label").get("name")) for one in objects(answer, "label-info"))
        return next((name for name in named if name and name.casefold() != "[no label]"), None)


def facts_of(recording: Mapping[str, Any]) -> Facts:
    """Return what MusicBrainz says of a recording; that it is live or a remix may stand beside its title."""
    title, beside = values.text(recording.get("title")), version_words(str(recording.get("disambiguation", "")))
    length = number(recording.get("length"))
    credited = objects(recording, "artist-credit")
    own = [one for one in credited if inner(one, "artist").get("id") != VARIOUS_ARTISTS_ID]
    names = values.texts(one.get("name") or inner(one, "artist").get("name") for one in own)
    return Facts(
        f"{title} ({' '.join(beside)})" if title and beside else title,
        [name for name in names if not is_various(name)],
        None if length is None else length / 1000,
        [found for found in map(values.isrc, listed_texts(recording, "isrcs")) if found],
    )


def chosen_release(details: Mapping[str, Any], album: str | None) -> Mapping[str, Any]:
    """Return the record that a recording is said to come from; nothing where it is on none.

    That of the tags, if it is among them; else an official one rather than another, the artist's own rather than a compilation,
    and the earliest of these.
    """
    releases = objects(details, "releases")
    if album is not None:
        named = [one for one in releases if title_likeness(album, str(one.get("title", ""))) >= _SAME_ALBUM]
        releases = named or releases
    return min(releases, key=_rank, default={})


def _rank(release: Mapping[str, Any]) -> tuple[bool, bool, str, str]:
    group = inner(release, "release-group")
    return (
        release.get("status") != "Official",
        bool(listed_texts(group, "secondary-types")),
        values.date(release.get("date")) or "9999",
        str(release.get("id")),
    )


def _by_count(genres: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(genres, key=lambda one: (-(number(one.get("count")) or 0.0), str(one.get("name"))))


def _isrc(details: Mapping[str, Any], asked: Facts) -> str | None:
    """Return the recording's ISRC: that which was asked for, or the only one."""
    known = facts_of(details).isrcs
    shared = [one for one in known if one in asked.isrcs]
    return next(iter(shared or (known if len(known) == 1 else [])), None)
