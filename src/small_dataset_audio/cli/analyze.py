"""``sda analyze``: every feature of one file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from small_dataset_audio.cli.console import as_called, json_text, plural
from small_dataset_audio.cli.options import AsJson, Skip, Stages
from small_dataset_audio.cli.run import names_of
from small_dataset_audio.cli.session import Session, session_of

if TYPE_CHECKING:
    from small_dataset_audio.pipeline.analyze_file import FileAnalysis


def analyze(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The recording.", metavar="FILE")],
    stages: Stages = None,
    skip: Skip = None,
    allow_truncated: Annotated[
        bool | None, typer.Option("--allow-truncated", help="Measure what is left of a file that is cut short.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Also write the JSON document here.", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure every feature of one file.

    With the labels, scores and captions of the models that are installed. Nothing is written unless --output says so.
    """
    session = session_of(context)
    session.override(
        {
            "pipeline.stages": ("--stages", names_of(stages)),
            "pipeline.skip": ("--skip", names_of(skip)),
            "pipeline.allow_truncated": ("--allow-truncated", allow_truncated),
        }
    )
    session.check_environment(writes=False)
    from small_dataset_audio.pipeline.analyze_file import analyze_file
    from small_dataset_audio.pipeline.stage import Bench
    from small_dataset_audio.pipeline.stages import pick
    from small_dataset_audio.pipeline.steps.beats import sentence, tracker

    settings = session.loaded.settings
    chosen = pick(settings).stages
    session.terminal.status(as_called(sentence(settings)))
    hearing = [stage for stage in chosen if stage.listen is not None or tracker(settings) != "dsp"]
    needs_device = session.device_was_named or any(stage.accelerator(settings) for stage in hearing)
    device = session.choose_device().device.id if needs_device else None
    analysis = analyze_file(file, chosen, Bench(settings, device))
    document = analysis.as_dict()
    if output is not None:
        from small_dataset_audio.locks import write_in_turn

        write_in_turn(output, json_text(document).encode("utf-8"))
        session.terminal.status(f"Written: {output}")
    if as_json:
        session.print_json(document)
    else:
        _show(session, analysis)


_MOST_LABELS = 8
"""Labels of a kind that people are shown; the document has them all."""


def _show(session: Session, analysis: "FileAnalysis") -> None:
    from small_dataset_audio.features.catalog import declared

    audio, found = analysis.audio, analysis.found
    show = session.terminal.result
    show(f"{analysis.file}: {audio['seconds']:.2f} s, {audio['rate']} Hz, {plural(audio['channels'], 'channel')}")
    if audio.get("truncated"):
        session.terminal.warn("The file is cut short: what could be decoded was measured.")
    for warning in analysis.warnings:
        session.terminal.warn(warning)
    rows = []
    for one in declared().values():
        if one.name in found.values:
            value = found.values[one.name]
            text = f"{value:.4g}" if one.kind == "float" else str(int(value))
            rows.append((one.name, text, one.unit, f"{one.low:g} to {one.high:g}"))
    session.terminal.table(("feature", "value", "unit", "declared range"), rows)
    for name, answers in found.labels.items():
        ranked = sorted(answers.items(), key=lambda answer: -answer[1])
        more = f", and {len(ranked) - _MOST_LABELS} more" if len(ranked) > _MOST_LABELS else ""
        show(f"{name}: " + ", ".join(f"{label} ({strength:.2f})" for label, strength in ranked[:_MOST_LABELS]) + more)
    for name, text in analysis.captions.items():
        show(f"{name}: {text}")
    for name, confidence in found.confidence.items():
        show(f"Confidence of {name}: {confidence:.2f}")
    counts = ", ".join(plural(len(times), name.removesuffix("s")) for name, times in found.times.items())
    show(f"\nFound {counts or 'no moments'}. Took {analysis.seconds:.2f} s.")
    reasons: dict[str, list[str]] = {}
    for name, reason in found.absent.items():
        reasons.setdefault(reason, []).append(name)
    for reason, missing in reasons.items():
        show(f"\nNot measured, because {reason}:\n  {', '.join(missing)}")
