"""The report of a library, written."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from small_dataset_audio import __version__
from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.entries import Entry, entries
from small_dataset_audio.dataset.layout import MIX, Track
from small_dataset_audio.dataset.report.detail import detail_of
from small_dataset_audio.dataset.report.drawing.draw import Drawn, Sheet, drawn_before
from small_dataset_audio.dataset.report.drawing.pool import Work, draw_all
from small_dataset_audio.dataset.report.drawing.preview import PLAYED, SUFFIX
from small_dataset_audio.dataset.report.folder import Folder, alone
from small_dataset_audio.dataset.report.insight import Insight, insight_of
from small_dataset_audio.dataset.report.links import slug
from small_dataset_audio.dataset.report.markup import Html, shown
from small_dataset_audio.dataset.report.numerals import plural
from small_dataset_audio.dataset.report.pages.findings import findings_page
from small_dataset_audio.dataset.report.pages.frame import PLOTS, Page
from small_dataset_audio.dataset.report.pages.numbers import numbers_page
from small_dataset_audio.dataset.report.pages.portrait import portrait
from small_dataset_audio.dataset.report.pages.track import Neighbours, track_page
from small_dataset_audio.dataset.report.pages.tracks import tracks_page, tracks_script
from small_dataset_audio.dataset.report.portrait.pieces import Piece, piece_of
from small_dataset_audio.errors import SdaError

if TYPE_CHECKING:
    from small_dataset_audio.dataset.lint.finding import Findings

INDEX: Final = "index.html"
_LIBRARY_SCRIPT: Final = "assets/library.js"
_ASSETS: Final = {
    "report.css": "assets/report.css",
    "map.js": "assets/map.js",
    "table.js": "assets/table.js",
    "view.js": "assets/view.js",
    "player.js": "assets/player.js",
    "icon.svg": "assets/icon.svg",
    "vendor/uplot/uPlot.iife.min.js": PLOTS[0],
    "vendor/uplot/uPlot.min.css": "assets/uPlot.min.css",
    "vendor/uplot/LICENSE": "assets/uPlot-LICENSE.txt",
}
"""File of this package -> its place in the report."""

_NAMELESS: Final = frozenset({"", "library"})
"""Names of folders that say nothing; the second is the usual one."""

Progress = Callable[[int, int, str], None]
"""Takes how many drawings are made, how many there are to make, and the name of the track."""


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        folder: where it is.
        tracks: how many there are.
        drawn: drawings that were made now; those of the other tracks were there.
        changed: files that are new or different.
        problems: track -> what cannot be shown of it, and why.
        seconds: how long it took.
    """

    folder: Path
    tracks: int
    drawn: int
    changed: int
    problems: Mapping[str, str]
    seconds: float

    @property
    def index(self) -> Path:
        """The page to open."""
        return self.folder / INDEX

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON of ``sda report``."""
        return {
            "report": str(self.index),
            "tracks": self.tracks,
            "drawn": self.drawn,
            "changed": self.changed,
            "problems": [{"track": track, "why": why} for track, why in self.problems.items()],
            "seconds": round(self.seconds, 3),
        }


@dataclass
class _Draft:
    """A report while it is written."""

    folder: Folder
    declared: Mapping[str, Declared]
    copy_audio: bool
    allow_truncated: bool
    sheets: dict[str, Sheet] = field(default_factory=dict)
    drawn: dict[str, Drawn] = field(default_factory=dict)


def write_report(
    library: Path,
    folder: Path,
    declared: Mapping[str, Declared],
    *,
    known: Sequence[Entry] | None = None,
    findings: "Findings | None" = None,
    sentences: Sequence[str] = (),
    copy_audio: bool = False,
    allow_truncated: bool = False,
    workers: int = 1,
    scratch: Scratch | None = None,
    progress: Progress | None = None,
) -> Report:
    """Return what was written into ``folder``; the first page last, so that what was interrupted does not look finished.

    Args:
        library: the folder of the library, which is only read.
        folder: where the report goes: a new or empty folder, or one with an earlier report of the same library.
        declared: name -> declaration of every number that sda measures.
        known: the entries of the library, where they were read before.
        findings: what the checks found; None where they were not made.
        sentences: what the statistics say.
        copy_audio: put small copies of all recordings into the report, so that it can be taken elsewhere.
        allow_truncated: show what can be decoded of incomplete files.
        workers: processes that draw.
        scratch: where recordings lie that are too long for memory.
        progress: told of every drawing.

    Raises:
        UsageError: ``folder`` holds something else.
        StoreError: the library cannot be read, or the report cannot be written.
    """
    began = time.monotonic()
    if known is None:
        known = list(entries(library))
    with alone(folder, library):
        draft = _Draft(Folder.claimed(folder, library), declared, copy_audio, allow_truncated)
        for place, asset in _assets().items():
            draft.folder.write(place, asset)
        made = _draw(draft, known, workers, scratch, progress)
        pieces = [piece_of(entry, draft.drawn[entry.name]) for entry in known]
        insight = insight_of(findings, sentences, {piece.name: piece.page for piece in pieces})
        name = _title(library)
        problems = _write_tracks(draft, pieces, insight, name)
        _write_pages(draft, pieces, insight, name)
        draft.folder.conclude()
        return Report(draft.folder.root, len(pieces), made, draft.folder.changed, problems, time.monotonic() - began)


def _title(library: Path) -> str:
    """Return what the pages call the library: its folder's name, unless that says nothing."""
    name = shown(library.absolute().name)
    return name if name.lower() not in _NAMELESS else "Library"


def _assets() -> dict[str, bytes]:
    """Return place in the report -> content of the files that are the same in every report."""
    ours = files("small_dataset_audio.dataset.report") / "assets"
    return {place: ours.joinpath(*name.split("/")).read_bytes() for name, place in _ASSETS.items()}


def _draw(
    draft: _Draft, known: Sequence[Entry], workers: int, scratch: Scratch | None, progress: Progress | None
) -> int:
    """Return how many drawings were made; all that can be are there then."""
    work: list[Work] = []
    names: dict[str, str] = {}
    for entry in known:
        try:
            sheet = _sheet(draft, entry.track)
            key = sheet.key()
        except SdaError as error:
            draft.drawn[entry.name] = Drawn(problems={MIX: f"{error.what} {error.why}"})
            continue
        draft.sheets[entry.name] = sheet
        names[sheet.slug] = entry.name
        before = drawn_before(sheet, key) if sheet.sounds else Drawn()
        if before is None:
            work.append((sheet, key))
        else:
            draft.drawn[entry.name] = before

    def done(sheet: Sheet, drawn: Drawn) -> None:
        draft.drawn[names[sheet.slug]] = drawn
        if progress is not None:
            progress(len(draft.drawn) - there, len(work), names[sheet.slug])

    there = len(draft.drawn)
    if work:
        draw_all(work, workers, scratch, done)
    for name, sheet in draft.sheets.items():
        _keep(draft.folder, sheet, draft.drawn[name])
    draft.folder.changed += len(work)
    return len(work)


def _sheet(draft: _Draft, track: Track) -> Sheet:
    """Return what is to be drawn of a track.

    Raises:
        StoreError: its folder cannot be read.
    """
    mix = track.mix
    sounds = {} if mix is None else {MIX: mix, **track.stems()}
    name, root = slug(track.name), draft.folder.root
    copied = {sound for sound, path in sounds.items() if draft.copy_audio or path.suffix.lower() not in PLAYED}
    previews = {sound: root / "tracks" / f"{name}.{sound}{SUFFIX}" for sound in sounds if sound in copied}
    return Sheet(name, root / "tracks", sounds, previews, draft.allow_truncated)


def _keep(folder: Folder, sheet: Sheet, drawn: Drawn) -> None:
    """Count the files of a drawing among those of this report."""
    made = [sheet.script] if sheet.sounds else []
    made += [] if drawn.low_hz is None else [sheet.picture]
    made += [path for name, path in sheet.previews.items() if name not in drawn.problems]
    folder.made.update(path.relative_to(folder.root).as_posix() for path in made)


def _write_tracks(draft: _Draft, pieces: Sequence[Piece], insight: Insight, name: str) -> dict[str, str]:
    """Write the page of every track, and return what cannot be shown of which."""
    problems: dict[str, str] = {}
    row = [None, *pieces, None]
    for (before, piece), (_, behind) in zip(pairwise(row[:-1]), pairwise(row[1:]), strict=True):
        if piece is None:  # only the ends are
            continue
        sheet = draft.sheets.get(piece.name)
        detail = detail_of(piece.entry.track, sheet.sounds if sheet else {}, sheet.previews if sheet else {})
        page = draft.folder.root / piece.page
        content = track_page(piece, detail, draft.declared, insight, Neighbours(before, behind), page)
        scripts = (*PLOTS, "assets/view.js", "assets/player.js", *_drawing_of(piece, draft))
        draft.folder.write(piece.page, Page(piece.name, name, content, piece.page, scripts, _made()).text())
        error = piece.entry.problem
        found = [*([] if error is None else [error.what]), *piece.drawn.problems.values(), *detail.problems]
        if found:
            problems[piece.name] = " ".join(found)
    return problems


def _drawing_of(piece: Piece, draft: _Draft) -> tuple[str, ...]:
    name = f"tracks/{piece.slug}.js"
    return (name,) if name in draft.folder.made else ()


def _write_pages(draft: _Draft, pieces: Sequence[Piece], insight: Insight, name: str) -> None:
    """Write all pages but those of tracks, the first page last."""
    flagged = Counter(one.track for one in insight.findings)
    draft.folder.write(_LIBRARY_SCRIPT, tracks_script(pieces, draft.declared, flagged))

    def write(file: str, title: str, content: Html, scripts: Sequence[str] = (), made: str = _made()) -> None:
        draft.folder.write(file, Page(title, name, content, file, scripts, made).text())

    write("tracks.html", "Tracks", tracks_page(pieces, draft.declared, flagged), (_LIBRARY_SCRIPT, "assets/table.js"))
    write("numbers.html", "Numbers", numbers_page(pieces, draft.declared))
    write("findings.html", "Findings", findings_page(insight))
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    content = portrait(pieces, draft.declared, insight, name)
    scripts = (*PLOTS, _LIBRARY_SCRIPT, "assets/map.js")
    write(INDEX, name, content, scripts, f"{_made()} {plural(len(pieces), 'track')}, {now}.")


def _made() -> str:
    return f"Made by sda {__version__}. These pages load nothing from elsewhere."
