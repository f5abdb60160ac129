"""Spotify: the identifier of a recording, and how popular it is, by its ISRC (its Web API; audio features are closed since 2024)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from small_dataset_audio.dataset.metadata import values
from small_dataset_audio.dataset.metadata.matching import Facts, score
from small_dataset_audio.dataset.metadata.sources.found import Found, inner, number, objects, too_far
from small_dataset_audio.dataset.metadata.sources.question import Question
from small_dataset_audio.dataset.metadata.sources.tokens import Tokens

INTERVAL: Final = 0.1
"""Seconds between two questions. The service states no number and answers 429 where it is too much."""
_OFFERED: Final = "10"


@dataclass(frozen=True)
class Spotify:
    """The service.

    Attributes:
        tokens: how it is asked.
        address: up to and including the version.
        minimum: the score that a recording needs.
    """

    tokens: Tokens
    address: str
    minimum: float

    def find(self, isrc: str, asked: Facts) -> Found:
        """Return the identifier and the popularity of the recording with this ISRC.

        Of several editions, the one that fits best, and then the most popular one.

        Raises:
            Trouble: the service gives no answer.
            StoreError: the cache cannot be written.
        """
        params = {"q": f"isrc:{isrc}", "type": "track", "limit": _OFFERED}
        answer = self.tokens.ask(Question(f"{self.address}/search", params))
        ranked = [
            (score(asked, facts), values.popularity(one.get("popularity")), identifier)
            for one in objects(inner(answer, "tracks"), "items")
            if isrc in (facts := facts_of(one)).isrcs and (identifier := values.spotify_id(one.get("id")))
        ]
        if not ranked:
            return Found(reason="it knows no recording with this ISRC")
        fit, popularity, identifier = max(ranked, key=lambda one: (one[0], -1 if one[1] is None else one[1], one[2]))
        if fit < self.minimum and asked.title:
            return Found(notes={"score": fit}, reason=too_far(fit, self.minimum))
        told = {} if popularity is None else {"popularity": popularity}
        return Found({"spotify_id": identifier, **told}, {"by": "isrc", **({"score": fit} if asked.title else {})})


def facts_of(track: Mapping[str, Any]) -> Facts:
    """Return what Spotify says of a track."""
    length = number(track.get("duration_ms"))
    code = values.isrc(inner(track, "external_ids").get("isrc"))
    return Facts(
        values.text(track.get("name")),
        values.texts(one.get("name") for one in objects(track, "artists")),
        None if length is None else length / 1000,
        [code] if code else [],
    )
