"""What a recording's own tags say: ID3, Vorbis comments, MP4, RIFF INFO and AIFF chunks through tinytag, others through FFmpeg.

Files are opened for reading only. Tags lie more often than not about their encoding: UTF-8 that was stored as Latin-1, and
Windows' quotation marks in Latin-1 fields, are set right, because nothing else looks like them; for other encodings
the user can say which one it is. What cannot be read as text is left out, and named.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from small_dataset_audio.audio.faults import reading
from small_dataset_audio.dataset.metadata import values
from small_dataset_audio.dataset.metadata.artists import is_various, own_artist
from small_dataset_audio.dataset.metadata.chunks import transcoded
from small_dataset_audio.dataset.metadata.id3 import straightened

_LOG: Final = logging.getLogger(__name__)
_SEPARATORS: Final = "\0;"
"""What parts several values in one field: ID3v2.4, and most programs' lists. (A slash is part of AC/DC.)"""
_ARTISTS: Final = ("artist", "artists")
_ALBUM_ARTISTS: Final = ("albumartist", "album artist", "album_artist")
_LABELS: Final = ("label", "organization", "publisher", "record label", "tpub")
_LICENCES: Final = ("license", "licence", "wcop")
_LICENCE_PLACES: Final = ("copyright", "copyright_url", "url", "comment", "description")
"""Fields for other things in which a Creative Commons licence is often named by its address."""
_RECORDING_IDS: Final = (
    "musicbrainz_trackid",
    "musicbrainz track id",
    "musicbrainz recording id",
    "musicbrainz_recordingid",
)
_OWNER: Final = "http://musicbrainz.org\0"
"""Who owns the ID3 frame UFID in which MusicBrainz' programs note the recording."""
_DAY: Final = re.compile(r"(\d\d)(\d\d)")
"""The ID3v2.3 frame TDAT: day and month."""
_FFMPEG_NAMES: Final = {"album_artist": "albumartist", "date": "year", "tsrc": "isrc"}

Fields = Mapping[str, list[str]]
"""Name of a field in lower case -> its values."""


@dataclass(frozen=True)
class Tags:
    """What the tags of a recording say.

    Attributes:
        values: key (`values.KEYS`) -> value.
        damaged: keys whose text could not be decoded.
        problem: why the tags could not be read, in words; None where they could, even if there are none.
        repaired: whether the artists stand in for "Various Artists".
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    damaged: tuple[str, ...] = ()
    problem: str | None = None
    repaired: bool = False


def read_tags(path: Path, encoding: str = "") -> Tags:
    """Return what the tags of the file at ``path`` say.

    Args:
        path: a recording.
        encoding: that of ID3 fields that claim to be Latin-1; empty for what they claim.

    Raises:
        AudioError: the file cannot be read at all.
    """
    with reading(path):
        fields, problem = _fields(path, encoding)
    if problem is not None:
        _LOG.debug("The tags of %s cannot be read: %s", path, problem)
    return _understood({name: [_mended(one) for one in texts] for name, texts in fields.items()}, problem)


def _fields(path: Path, encoding: str) -> tuple[dict[str, list[str]], str | None]:
    """Return the fields of the tags, or why they cannot be read."""
    import tinytag  # noqa: PLC0415 - not before tags are read

    try:
        with path.open("rb") as file:
            found = tinytag.TinyTag.get(file_obj=_readable(file, encoding), duration=False, encoding=encoding or None)
    except tinytag.UnsupportedFormatError:
        return _by_ffmpeg(path)
    except tinytag.TinyTagException as error:
        return {}, f"the tags are damaged ({error})"
    named = ((name.lower(), texts) for name, texts in found.as_dict().items() if isinstance(texts, list))
    return dict(named), None


def _readable(file: BinaryIO, encoding: str) -> BinaryIO:
    """Return a file from which tinytag reads the tags as they were meant."""
    plain = straightened(file)
    return transcoded(plain, encoding) if plain is file else plain


def _by_ffmpeg(path: Path) -> tuple[dict[str, list[str]], str | None]:
    """Return the fields as FFmpeg reads them: WavPack, Matroska, CAF and others."""
    import av  # noqa: PLC0415 - rare formats only

    from small_dataset_audio.audio.formats import identify  # noqa: PLC0415
    from small_dataset_audio.errors import NotAudio  # noqa: PLC0415

    try:
        kind = identify(path)
    except NotAudio:
        return {}, "it is no audio that sda knows"
    if kind.demuxer is None:
        return {}, None
    try:
        with av.open(str(path), format=kind.demuxer, metadata_errors="replace") as container:
            found = {**(container.streams[0].metadata if container.streams else {}), **container.metadata}
    except (av.FFmpegError, ValueError) as error:
        return {}, f"the tags are damaged ({error})"
    return {_FFMPEG_NAMES.get(name.lower(), name.lower()): [text] for name, text in found.items()}, None


def _mended(text: str) -> str:
    """Return a text whose bytes were taken for another encoding as what it was, where that is beyond doubt."""
    if text.isascii():
        return text
    for taken_for in ("latin-1", "cp1252"):
        try:
            return text.encode(taken_for).decode("utf-8")
        except UnicodeError:
            continue
    if re.search("[\x80-\x9f]", text):  # control characters that nobody uses; Windows has quotation marks there
        try:
            return text.encode("latin-1").decode("cp1252")
        except UnicodeError:
            return text
    return text


def _understood(fields: Fields, problem: str | None) -> Tags:
    artists, repaired = _artists(fields)
    release_date = _date(fields)
    found = {
        "title": _first(fields, ("title",)),
        "artists": artists,
        "album": _first(fields, ("album",)),
        "release_date": release_date,
        "release_year": values.year_of(release_date),
        "label": _first(fields, _LABELS),
        "genres": values.genres(_all(fields, ("genre",)), _SEPARATORS),
        "licence": _licence(fields),
        "isrc": next(filter(None, map(values.isrc, values.texts(_all(fields, ("isrc", "tsrc")), "\0;,/"))), None),
        "musicbrainz_id": _musicbrainz_id(fields),
    }
    sources = {"title": ("title",), "artists": _ARTISTS, "album": ("album",), "label": _LABELS, "genres": ("genre",)}
    kept = {name: value for name, value in found.items() if value}
    damaged = tuple(
        name
        for name, places in sources.items()
        if name not in kept and any(map(values.is_damaged, _all(fields, places)))
    )
    return Tags(kept, damaged, problem, repaired)


def _all(fields: Fields, names: Iterable[str]) -> list[str]:
    return [text for name in names for text in fields.get(name, [])]


def _first(fields: Fields, names: Iterable[str]) -> str | None:
    return next(iter(values.texts(_all(fields, names))), None)


def _artists(fields: Fields) -> tuple[list[str], bool]:
    """Return the artists of the track itself, and whether they stand in for "Various Artists"."""
    named = values.texts(_all(fields, _ARTISTS), _SEPARATORS)
    own = [one for one in named if not is_various(one)]
    if own:
        return own, len(own) < len(named)
    album = [one for one in values.texts(_all(fields, _ALBUM_ARTISTS), _SEPARATORS) if not is_various(one)]
    if album:
        return album, bool(named)
    from_title = own_artist(_first(fields, ("title",)) or "") if named else None
    return ([from_title] if from_title else []), from_title is not None


def _date(fields: Fields) -> str | None:
    """Return the most exact date among the fields that tell when the recording came out."""
    stated = _all(fields, ("year", "date"))
    known = [found for found in map(values.date, stated) if found]
    days = [_DAY.fullmatch(text.strip()) for text in fields.get("tdat", [])]
    exact = [values.date(f"{known[0][:4]}-{day[2]}-{day[1]}") for day in days if day and known]
    originals = [found for found in map(values.date, _all(fields, ("originaldate", "tdor", "tory"))) if found]
    return max(filter(None, (*known, *exact)), key=len, default=None) or next(iter(originals), None)


def _licence(fields: Fields) -> str | None:
    """Return the licence: what stands in the field for it, else a Creative Commons address in another one."""
    stated = _first(fields, _LICENCES)
    linked = (values.licence_in(text) for text in _all(fields, (*_LICENCES, *_LICENCE_PLACES)))
    return next(filter(None, linked), None) or stated


def _musicbrainz_id(fields: Fields) -> str | None:
    owned = [text.removeprefix(_OWNER) for text in fields.get("ufid", []) if text.startswith(_OWNER)]
    stated = (values.musicbrainz_id(text) for text in (*_all(fields, _RECORDING_IDS), *owned))
    return next(filter(None, stated), None)
