"""The report of a library as the settings ask for it: with what the statistics and the checks say."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.entries import Entry, entries
from small_dataset_audio.dataset.layout import list_tracks
from small_dataset_audio.dataset.report.folder import alone
from small_dataset_audio.dataset.report.highlights import highlights
from small_dataset_audio.dataset.report.write import Progress, Report, write_report
from small_dataset_audio.dataset.statistics.summary import summarise
from small_dataset_audio.dataset.statistics.table import Table
from small_dataset_audio.features.catalog import declared
from small_dataset_audio.pipeline.scratch import scratch
from small_dataset_audio.pipeline.workers import asked_for, worker_count

if TYPE_CHECKING:
    from small_dataset_audio.dataset.lint import Findings


def report_of(
    library: Path,
    folder: Path,
    settings: Settings,
    *,
    copy_audio: bool = False,
    checks: bool = True,
    progress: Progress | None = None,
    heard: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Return what was written into ``folder``; a report that another process is writing there is waited for.

    Args:
        library: the folder of the library.
        folder: where the report goes.
        settings: of the run.
        copy_audio: put small copies of the recordings into it.
        checks: show what the checks of a library find.
        progress: told of every drawing.
        heard: told how many tracks the checks have listened to, and how many there are.
        say: told what comes next, in a sentence.

    Raises:
        UsageError: ``folder`` holds something else.
        StoreError: the library cannot be read, or the report cannot be written.
    """
    began = time.monotonic()
    list_tracks(library)  # nothing is made where there is no library
    with alone(folder, library, say):  # from here on, since the checks may take long
        known = list(entries(library))
        findings: Findings | None = None
        if checks and known:
            say(f"Checking {library}")
            from small_dataset_audio.pipeline.linting import checked  # noqa: PLC0415 - the checks load what they need

            findings = checked(library, settings, progress=heard)
        workers = worker_count(max(1, len(known)), asked_for(settings))
        made = write_report(
            library,
            folder,
            declared(),
            known=known,
            findings=findings,
            sentences=_sentences(library, known),
            copy_audio=copy_audio,
            allow_truncated=settings.pipeline.allow_truncated,
            workers=workers,
            scratch=scratch(settings, workers),
            progress=progress,
        )
        return replace(made, seconds=time.monotonic() - began)


def _sentences(library: Path, known: list[Entry]) -> list[str]:
    table = Table.of(library, declared(), entries=known)
    return highlights(summarise(table, declared())) if table.tracks else []
