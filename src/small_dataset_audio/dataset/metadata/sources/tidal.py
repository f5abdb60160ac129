"""Tidal: the identifier of a recording, by its ISRC (its open API, version 2, which speaks JSON:API)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from small_dataset_audio.dataset.metadata import values
from small_dataset_audio.dataset.metadata.matching import Facts, score
from small_dataset_audio.dataset.metadata.sources.found import Found, inner, objects, too_far
from small_dataset_audio.dataset.metadata.sources.question import Question
from small_dataset_audio.dataset.metadata.sources.tokens import Tokens

INTERVAL: Final = 0.5
"""Seconds between two questions. The service states no number and answers 429 where it is too much."""
_DURATION: Final = re.compile(r"P(?:(\d{1,4})D)?T?(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,6}(?:\.\d{1,6})?)S)?")
"""ISO 8601, as far as recordings need it."""
_UNITS: Final = (86400, 3600, 60, 1)


@dataclass(frozen=True)
class Tidal:
    """The service.

    Attributes:
        tokens: how it is asked.
        address: up to and including the version.
        minimum: the score that a recording needs.
        country: in whose catalogue to look.
    """

    tokens: Tokens
    address: str
    minimum: float
    country: str

    def find(self, isrc: str, asked: Facts) -> Found:
        """Return the identifier of the recording with this ISRC; of several editions the one that fits best.

        Its artists stand elsewhere in the catalogue, so that the ISRC vouches for them.

        Raises:
            Trouble: the service gives no answer.
            StoreError: the cache cannot be written.
        """
        params = {"countryCode": self.country, "filter[isrc]": isrc}
        headers = {"Accept": "application/vnd.api+json"}
        answer = self.tokens.ask(Question(f"{self.address}/tracks", params, headers=headers))
        by_code = Facts(asked.title, (), asked.seconds, [isrc])
        ranked = [
            (score(by_code, facts), identifier)
            for one in objects(answer, "data")
            if isrc in (facts := facts_of(one)).isrcs and (identifier := values.tidal_id(one.get("id")))
        ]
        if not ranked:
            return Found(reason="it knows no recording with this ISRC")
        fit, identifier = max(ranked, key=lambda one: (one[0], -int(one[1])))
        if fit < self.minimum and asked.title:
            return Found(notes={"score": fit}, reason=too_far(fit, self.minimum))
        return Found({"tidal_id": identifier}, {"by": "isrc", **({"score": fit} if asked.title else {})})


def facts_of(track: Mapping[str, Any]) -> Facts:
    """Return what Tidal says of a track."""
    told = inner(track, "attributes")
    title, version = values.text(told.get("title")), values.text(told.get("version"))
    code = values.isrc(told.get("isrc"))
    return Facts(
        f"{title} ({version})" if title and version else title,
        (),
        seconds_of(told.get("duration")),
        [code] if code else [],
    )


def seconds_of(duration: object) -> float | None:
    """Return the seconds of an ISO 8601 duration such as ``PT3M25S``; None where it is none."""
    found = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    if found is None or not any(found.groups()):
        return None
    return sum(float(part or 0) * unit for part, unit in zip(found.groups(), _UNITS, strict=True))
