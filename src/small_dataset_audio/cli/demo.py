"""``sda demo``: a small library of composed music, measured, beside the truth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from small_dataset_audio.cli.console import program_name
from small_dataset_audio.cli.options import AsJson
from small_dataset_audio.cli.run import carry_out_plan
from small_dataset_audio.cli.session import Session, session_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from small_dataset_audio.dataset.demo import Row
    from small_dataset_audio.pipeline.demo import DemoRow


def demo(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="Where the demo goes. Default: demo in paths.generated.", metavar="DIR")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compose music, measure it, compare with the truth.

    Composes a small library of music, runs the pipeline on it, and shows what was measured beside what is true.
    """
    session = session_of(context)
    home = (folder or session.loaded.settings.paths.generated / "demo").absolute()
    session.override(
        {
            "paths.library": ("DIR", home / "library"),
            "paths.reports": ("DIR", home / "reports"),
            "paths.cache": ("DIR", home / "cache"),
        },
    )
    session.check_environment()
    from small_dataset_audio.cli.report import make_report
    from small_dataset_audio.dataset.demo import write_library
    from small_dataset_audio.pipeline.demo import demo_rows, in_a_sentence
    from small_dataset_audio.pipeline.plan import Request, make_plan
    from small_dataset_audio.pipeline.stages import ANALYZE, ORGANIZE

    if session.device_was_named:
        session.choose_device()
    session.terminal.status(f"Composing a small library of music in {home / 'recordings'}")
    written = write_library(home / "recordings", lambda title: session.terminal.status(f"  {title}"))
    request = Request(home / "recordings", (ORGANIZE, ANALYZE))
    settings = session.loaded.settings
    plan = make_plan(request, settings.paths.library, settings)
    summary = carry_out_plan(session, plan, request)
    failed = {failure.track for failure in summary.failures}
    rows = demo_rows(settings.paths.library, [(one.audio, one.truth) for one in written], failed)
    page = None
    if not summary.interrupted:
        page = make_report(session, settings.paths.library, None, copy_audio=False, checks=True).index
    sentences = in_a_sentence(rows)
    if as_json:
        pieces = [_document(row, sentence) for row, sentence in zip(rows, sentences, strict=True)]
        session.print_json({**summary.as_dict(), "pieces": pieces, "report": None if page is None else str(page)})
    else:
        for failure in summary.failures:
            session.terminal.warn(f"{failure.track}: {failure.what} {failure.fix}")
        _show(session, rows, home)
        for sentence in sentences:
            session.terminal.result(sentence)
        if page is not None:
            session.terminal.result(f"\nTo look at and listen to, in a browser: {page}")
        session.terminal.result(f"Next, your own music: {program_name()} run ~/Music/tapes")
    raise typer.Exit(summary.exit_status)


def _show(session: Session, rows: "Sequence[DemoRow]", home: Path) -> None:
    columns = ("piece", "BPM", "measured", "beats", "F", "key", "measured", "LUFS", "dBTP")
    table = [
        (
            row.truth.title,
            _bare(row.tempo.true),
            _bare(_measured(row.tempo)),
            row.beats.verdict.partition(" found")[0],
            _number(row.beats.figures.get("f_measure"), 2),
            row.key.true,
            _measured(row.key),
            _number(row.info.get("lufs"), 1),
            _number(row.info.get("true_peak"), 1),
        )
        for row in rows
    ]
    show = session.terminal.result
    show("\nWhat sda measured, beside what is true of each piece:\n")
    session.terminal.table(columns, table)
    show("\nF: F-measure of the beats within 70 ms; 1.00 finds every beat and no other.")
    show(f"Recordings, each with its truth: {home / 'recordings'}")
    show(f"Library: {home / 'library'} (one folder per track; its .INFO file holds every number)\n")


def _measured(row: "Row") -> str:
    """Return the measured value, with what is off about it."""
    return row.verdict if row.measured is None else row.measured + ("" if row.good else f" ({row.verdict})")


def _bare(tempo: str) -> str:
    """Return a tempo without the unit, which the column names."""
    return tempo.replace(" BPM", "")


def _number(value: object, decimals: int) -> str:
    return f"{value:.{decimals}f}" if isinstance(value, int | float) else "absent"


def _document(row: "DemoRow", sentence: str) -> dict[str, object]:
    return {
        "title": row.truth.title,
        "track": str(row.track.folder),
        "sentence": sentence,
        **{
            name: {"true": one.true, "measured": one.measured, "verdict": one.verdict, "good": one.good, **one.figures}
            for name, one in (("tempo", row.tempo), ("beats", row.beats), ("key", row.key))
        },
    }
