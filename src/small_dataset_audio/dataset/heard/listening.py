"""Listening to many tracks: each once, in several processes, and not at all where it is known what is to be heard."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from threadpoolctl import threadpool_limits

from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.dataset.heard.recording import Heard, hear
from small_dataset_audio.dataset.heard.residual import Residual, residual
from small_dataset_audio.dataset.heard.store import Kept
from small_dataset_audio.dataset.identity import recorded, stat_of, stem_identities
from small_dataset_audio.dataset.info import read_provenance
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.mixes import mix_of
from small_dataset_audio.errors import AudioError, SdaError, StoreError, UnreadableInfo
from small_dataset_audio.processes import WHY_DIED, Died, answers

Progress = Callable[[int, int], None]

_WORTH_PROCESSES: Final = 8
"""Recordings from which it is quicker to start processes for them."""


@dataclass(frozen=True, eq=False)
class TrackSound:
    """What was heard of a track.

    Attributes:
        sha256: the content of its recording.
        heard: what was heard of that.
        residual: what is left of it without its stems; None where there are none, or that was not asked for.
        stem_problem: why the stems could not be read.
    """

    sha256: str
    heard: Heard
    residual: Residual | None = None
    stem_problem: SdaError | None = None


@dataclass(frozen=True)
class Listened:
    """What was heard of some tracks.

    Attributes:
        sounds: name -> what was heard.
        problems: name -> why nothing could be.
    """

    sounds: Mapping[str, TrackSound] = field(default_factory=dict)
    problems: Mapping[str, SdaError] = field(default_factory=dict)


def listen(
    tracks: Sequence[Track],
    *,
    cache: Path,
    stems: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
) -> Listened:
    """Return what is to be heard of ``tracks``, by their names.

    Args:
        tracks: tracks or crops.
        cache: the folder paths.cache; what was heard is kept there.
        stems: also whether the stems add up to the mix.
        workers: how many processes.
        progress: called with how many were listened to, and how many there are.
    """
    sounds: dict[str, TrackSound] = {}
    problems: dict[str, SdaError] = {}
    order = {track.name: track for track in tracks}
    with contextlib.closing(_answers(list(order.values()), cache, workers, stems=stems)) as found:
        for done, (name, answer) in enumerate(found, 1):
            if isinstance(answer, TrackSound):
                sounds[name] = answer
            else:
                problems[name] = answer
            if progress is not None:
                progress(done, len(order))
    return Listened(
        {name: sounds[name] for name in order if name in sounds},
        {name: problems[name] for name in order if name in problems},
    )


def sound_of(track: Track, cache: Path, *, stems: bool = False) -> TrackSound:
    """Return what is to be heard of one track, from the cache where it is there.

    Raises:
        AudioError: its recording cannot be decoded.
        StoreError: there is none, or no room for a long one.
    """
    mix = mix_of(track)
    kept, sha256 = Kept(cache), _sha256(track, mix)
    heard = kept.heard(sha256)
    if heard is None:
        heard = hear(mix, Scratch(_scratch(cache)))
        kept.keep(sha256, heard)
    files = track.stems() if stems else {}
    if not files:
        return TrackSound(sha256, heard)
    try:
        key = _stem_key(track, sha256, files)
        rest = kept.residual(key)
        if rest is None:
            rest = residual(mix, files, _scratch(cache))
            kept.keep_residual(key, rest)
    except SdaError as error:
        return TrackSound(sha256, heard, stem_problem=error)
    return TrackSound(sha256, heard, rest)


def _stem_key(track: Track, sha256: str, files: Mapping[str, Path]) -> str:
    """Return what identifies a mix with its stems."""
    try:
        each = {name: one["sha256"] for name, one in stem_identities(track, remember=False).items()}
    except UnreadableInfo:
        each = {name: file_sha256(path) for name, path in files.items()}
    return hashlib.sha256(repr((sha256, sorted(each.items()))).encode()).hexdigest()


def _sha256(track: Track, mix: Path) -> str:
    """Return the content of a recording, as noted in ``.INFO`` if that still holds."""
    with contextlib.suppress(StoreError):
        if (known := recorded(read_provenance(track.info), stat_of(mix))) is not None:
            return known["sha256"]
    return file_sha256(mix)


def _scratch(cache: Path) -> Path:
    """Return where long recordings are laid out: the cache where it can be written, else the folder of temporary files."""
    return cache if os.access(cache, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


Answer = TrackSound | SdaError


def _answer(cache: Path, stems: bool, track: Track) -> Answer:  # noqa: FBT001 - the last argument is the piece
    try:
        return sound_of(track, cache, stems=stems)
    except SdaError as error:
        return error


def _answers(
    tracks: list[Track], cache: Path, workers: int, *, stems: bool
) -> Generator[tuple[str, Answer], None, None]:
    unknown: list[Track] = []
    if min(workers, len(tracks) / _WORTH_PROCESSES) > 1:
        unknown = [track for track in tracks if not _is_known(track, cache, stems=stems)]
    if len(unknown) > _WORTH_PROCESSES:
        yield from _in_processes(unknown, cache, min(workers, len(unknown)), stems=stems)
    else:
        unknown = []
    done = {track.name for track in unknown}
    for track in tracks:
        if track.name not in done:
            yield track.name, _answer(cache, stems, track)


def _is_known(track: Track, cache: Path, *, stems: bool) -> bool:
    """Return whether there is nothing left to listen to; also where that cannot be told, which is then an answer too."""
    try:
        mix = track.mix
        if mix is None:
            return True
        kept, sha256 = Kept(cache), _sha256(track, mix)
        files = track.stems() if stems else {}
        return kept.knows(sha256) and (not files or kept.residual(_stem_key(track, sha256, files)) is not None)
    except SdaError:
        return True


def _in_processes(tracks: list[Track], cache: Path, workers: int, *, stems: bool) -> Iterator[tuple[str, Answer]]:
    with contextlib.closing(answers(partial(_answer, cache, stems), tracks, workers, prepare=_start)) as found:
        for track, answer in found:
            yield track.name, _died(track) if isinstance(answer, Died) else answer


def _start() -> None:
    """Leave the other cores to the other processes; in this module, with which numpy is loaded, whose threads they are."""
    threadpool_limits(1)


def _died(track: Track) -> SdaError:
    return AudioError(
        f"The process that listened to {track.name} died.",
        WHY_DIED,
        "Run again with `workers = 1` under [pipeline] in config.toml. If it happens again, take this recording out and "
        "report it.",
    )
