"""The section ``[metadata]``: where release year, artists, album and identifiers come from."""

from typing import Annotated, Any, Literal

from pydantic import Field

from small_dataset_audio.config.section import Section, program, setting

Source = Literal["tags", "musicbrainz", "acoustid", "spotify", "tidal"]
"""Something that knows of recordings: their own tags, or a service in the network."""


Encoding = Literal[
    "", "utf-8", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874",
    "koi8_r", "koi8_u", "iso8859_2", "iso8859_5", "iso8859_7", "iso8859_15", "mac_roman", "mac_cyrillic",
    "shift_jis", "cp932", "euc_jp", "iso2022_jp", "gb18030", "big5", "cp950", "euc_kr", "cp949",
]  # fmt: skip
"""The encodings in which programs of the time wrote tags, by Python's names; nothing: what the tag claims."""


def _address(default: str, service: str) -> Any:  # noqa: ANN401 - as `setting`
    """Return the declaration of the address of a service."""
    return setting(
        default,
        f"The address of {service}. Another one is for mirrors and tests.",
        pattern=r"^https?://[^\s?#]+$",
        allowed="an address that begins with http:// or https://",
    )


class Metadata(Section):
    """Where release year, artists, album and identifiers come from."""

    sources: Annotated[list[Source], Field(min_length=1)] = setting(
        ["tags"],
        "Where to look, in this order; what is found first counts. All but tags ask a service in the network and tell it "
        "titles, artists, ISRCs or (acoustid) a fingerprint of the sound, so they are asked only if you name them here. "
        "Keys for acoustid, spotify and tidal come from the environment only (docs/metadata.md).",
    )
    minimum_score: float = setting(
        0.85,
        "How well a recording that a service offers must fit (title, artists, length), from 0.5 to 1. "
        "Nothing is taken over from one that fits less.",
        ge=0.5,
        le=1.0,
    )
    tag_encoding: Encoding = setting(
        "",
        'The encoding of old ID3 tags that claim to be Latin-1 and are not, such as "cp1251" or "shift_jis". '
        "Empty: Latin-1, or UTF-8 where it is that.",
        examples=["cp1251"],
    )
    normalise_names: bool = setting(
        default=False,
        description="Let sda metadata rename track folders whose names have characters that T5, the text encoder of Stable "
        "Audio, does not know. sda run never renames anything.",
    )
    fpcalc: str = program(
        "fpcalc",
        "The program fpcalc (of Chromaprint), for acoustid: its name, if it is on the PATH, or where it lies.",
    )
    contact: str = setting(
        "",
        "An e-mail or web address of yours that MusicBrainz is told with every question, as it asks programs to do. "
        "Empty: only the name of sda is told.",
        pattern=r"^[\x21-\x27\x2a-\x7e]*$",
        allowed="an address without spaces and brackets",
    )
    country: str = setting(
        "US",
        "The country in whose catalogue Tidal looks, as two letters.",
        pattern=r"^[A-Z]{2}$",
        allowed="two capital letters (ISO 3166)",
    )
    patience: float = setting(
        15.0, "How many seconds a service may be silent before it counts as unreachable.", ge=0.1, le=600.0
    )
    musicbrainz_url: str = _address("https://musicbrainz.org/ws/2", "MusicBrainz")
    acoustid_url: str = _address("https://api.acoustid.org/v2", "AcoustID")
    spotify_url: str = _address("https://api.spotify.com/v1", "Spotify's catalogue")
    spotify_token_url: str = _address("https://accounts.spotify.com/api/token", "Spotify's token service")
    tidal_url: str = _address("https://openapi.tidal.com/v2", "Tidal's catalogue")
    tidal_token_url: str = _address("https://auth.tidal.com/v1/oauth2/token", "Tidal's token service")
