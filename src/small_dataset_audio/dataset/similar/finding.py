"""The search for near-duplicates among the tracks of a library."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from small_dataset_audio.dataset.heard import Listened, listen
from small_dataset_audio.dataset.heard.fingerprint import Fingerprint
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.similar.alignment import PATCH, SHORTEST
from small_dataset_audio.dataset.similar.candidates import candidates
from small_dataset_audio.dataset.similar.judging import judged
from small_dataset_audio.dataset.similar.pairs import Pair, Similar


def find_similar(
    tracks: Sequence[Track],
    *,
    cache: Path,
    progress: Callable[[int, int], None] | None = None,
    workers: int = 1,
) -> Similar:
    """Return which of ``tracks`` are not independent of each other.

    Args:
        tracks: tracks or crops; their names differ.
        cache: the folder paths.cache, where what was heard is kept.
        progress: called with how many tracks were listened to, and how many there are.
        workers: how many processes listen.
    """
    return similar_among(listen(tracks, cache=cache, workers=workers, progress=progress))


def similar_among(listened: Listened) -> Similar:
    """Return which tracks are not independent of each other, of what was heard of them."""
    names = sorted([*listened.sounds, *listened.problems])
    equal = _equal(listened)
    repeated = {pair.b for pair in equal}
    prints = {name: sound.heard.print for name, sound in listened.sounds.items() if name not in repeated}
    pairs = sorted([*equal, *_alike(prints)], key=lambda pair: (pair.a, pair.b))
    return Similar(tuple(names), tuple(pairs), listened.problems)


def _equal(listened: Listened) -> list[Pair]:
    """Return the pairs of tracks with the same bytes, or the same samples: each track with the first that is like it."""
    files: dict[str, str] = {}
    sounds: dict[str, str] = {}
    pairs: list[Pair] = []
    for name, sound in sorted(listened.sounds.items()):
        first = files.setdefault(sound.sha256, name)
        like = sounds.setdefault(sound.heard.sound_sha256, name)
        if first != name:
            pairs.append(Pair(first, name, "same file", 1.0, "Both files hold the same bytes."))
        elif like != name:
            pairs.append(Pair(like, name, "same samples", 1.0, "The files differ, and decode to the same samples."))
    return pairs


def _alike(prints: Mapping[str, Fingerprint]) -> list[Pair]:
    """Return the pairs of recordings that are the same music without being equal."""
    names, found = list(prints), list(prints.values())
    likely = {(one.a, one.b): one for patch in (SHORTEST, PATCH) for one in candidates(found, patch)}
    pairs = (judged(names[one.a], found[one.a], names[one.b], found[one.b], one.shift) for one in likely.values())
    return [pair for pair in pairs if pair is not None]
