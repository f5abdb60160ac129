"""Sections whose stages are still to come: read and checked like all others, used by no stage yet."""

from typing import Literal

from small_dataset_audio.config.section import Section, setting


class Metadata(Section):
    """Where release year, artists, album and identifiers come from."""

    sources: list[Literal["tags", "musicbrainz", "acoustid", "spotify", "tidal"]] = setting(
        ["tags", "musicbrainz"],
        "Where to look, in this order. Credentials for spotify and tidal come from the environment only.",
        used=False,
    )
    normalise_names: bool = setting(
        default=False,
        description="Rewrite the names of track folders with characters that the T5 tokenizer knows.",
        used=False,
    )
