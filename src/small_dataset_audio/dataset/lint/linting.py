"""All checks of a library, in order."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.entries import entries
from small_dataset_audio.dataset.heard import Listened, listen
from small_dataset_audio.dataset.lint.checks import chosen
from small_dataset_audio.dataset.lint.finding import SEVERITIES, Findings
from small_dataset_audio.dataset.lint.limits import Limits
from small_dataset_audio.dataset.lint.material import Contradicts, Material
from small_dataset_audio.dataset.lint.trainer import seen
from small_dataset_audio.dataset.similar import Similar
from small_dataset_audio.dataset.similar.finding import similar_among

_STEMS, _TRAINER = "stems", "trainer"


def lint(
    library: Path,
    declared: Mapping[str, Declared],
    *,
    cache: Path,
    limits: Limits | None = None,
    checks: Collection[str] | None = None,
    skip: Collection[str] = (),
    similar: Similar | None = None,
    contradicts: Contradicts | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Findings:
    """Return what hurts in a library.

    Args:
        library: the folder.
        declared: name -> declaration of the numbers that are expected.
        cache: the folder paths.cache; what was heard is kept there.
        limits: the targets of the training; those of Stable Audio Open 1.0 by default.
        checks: the names of the checks to make; None for all.
        skip: names of checks to leave out.
        similar: which tracks are not independent, if that is known already.
        contradicts: says which statements of a caption contradict measured values; without it, what the stage caption
            noted is taken.
        workers: how many processes listen.
        progress: called with how many tracks were listened to, and how many there are.

    Raises:
        StoreError: the library cannot be read.
        UsageError: there is no such check.
    """
    making = chosen(checks, skip)
    names = tuple(check.name for check in making)
    known = list(entries(library))
    listened = Listened()
    if any(check.listens for check in making):
        tracks = [entry.track for entry in known]
        listened = listen(tracks, cache=cache, stems=_STEMS in names, workers=workers, progress=progress)
    if similar is None and any(check.compares for check in making):
        similar = similar_among(listened)
    material = Material(library, known, declared, limits or Limits(), cache, listened, similar, contradicts)
    if _TRAINER in names:
        material = replace(material, view=seen(material))
    found = [finding for check in making for finding in check.run(material)]
    found.sort(key=lambda one: (names.index(one.check), SEVERITIES.index(one.severity)))
    view = tuple(one.as_dict() for one in material.view)
    return Findings(library, len(known), names, tuple(found), similar, view)
