"""``sda setup``, the guided first run, and what a bare ``sda`` does."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from small_dataset_audio.cli.console import program_name
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import EXIT_OK, SdaError, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from small_dataset_audio.config.model import Paths

FOLDERS: Final = ("datasets", "models", "generated", "library", "reports", "cache")
"""The keys of ``[paths]``, each a folder that the guide makes."""

MEASURES: Final = ("quick", "full", "no")
"""How closely the guide may measure the machine."""
_ANSWERS: Final = {"y": "quick", "yes": "quick", "n": "no", **{one: one for one in MEASURES}}

_NEXT_STEPS: Final = (
    ("demo", "hear and see what sda does, on music that it composes itself"),
    ("benchmark", "find the largest training batch that this machine carries (about a minute)"),
    ("run ~/Music/tapes", "bring a folder of recordings into the library and measure them"),
    ("analyze song.mp3", "every number of one file, nothing written"),
)


def setup(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take the defaults and ask nothing.")] = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the data folders go. Default: data, beside the settings.", metavar="DIR")
    ] = None,
    benchmark: Annotated[
        str | None,
        typer.Option(help="Measure this machine: in 20 s, in about a minute, or not.", metavar="|".join(MEASURES)),
    ] = None,
) -> None:
    """Guide through the first run.

    Folders, device, settings, and what the machine can train. An existing config.toml is kept as it is. Without a terminal,
    and with --yes, the machine is measured only if --benchmark says so.
    """
    session = session_of(context)
    if benchmark is not None and benchmark not in MEASURES:
        raise UsageError(
            f"--benchmark {benchmark} is not possible.",
            f"It must be {', '.join(MEASURES[:-1])} or {MEASURES[-1]}.",
            "Correct it, or leave it out.",
        )
    guide(session, data_dir, ask=not yes and session.terminal.interactive, measure=benchmark)


def welcome(session: Session) -> int:
    """Return the exit status of a bare ``sda``: the guide on a first run on a terminal, else checks and next steps."""
    if session.loaded.file is None and session.terminal.interactive:
        guide(session, None, ask=True)
        return EXIT_OK
    session.check_environment()
    session.choose_device()
    file = session.loaded.file
    session.terminal.result(f"Settings: {file}" if file else "Settings: defaults (sda setup writes a config.toml)")
    session.terminal.result(f"Library: {session.loaded.settings.paths.library}")
    _show_next_steps(session)
    return EXIT_OK


def guide(session: Session, data_dir: Path | None, *, ask: bool, measure: str | None = None) -> None:
    """Carry out the first run: folders, device check, settings file, benchmark; say what was done.

    Args:
        session: the invocation.
        data_dir: where the data folders go, if that was said.
        ask: whether to ask what was not said.
        measure: one of `MEASURES`, if that was said.

    Raises:
        SdaError: a folder or the settings file cannot be written, or the environment is not fit.
    """
    from small_dataset_audio.config.save import tidy

    say = session.terminal.result
    say("Welcome to sda. It turns a folder of recordings into a dataset. Your originals are never changed.")
    existing = None if _is_named_and_new(session) else session.loaded.file
    if existing is not None and data_dir is not None:
        session.terminal.warn(f"{existing} exists and is kept: --data-dir is not used. `sda config set` changes it.")
    folders = _folders(_chosen_folder(session, data_dir, ask=ask)) if existing is None else {}
    reports = folders.get("reports") or session.loaded.settings.paths.reports
    wish = _chosen_measure(session, reports, measure, ask=ask)  # all questions come before anything is made
    # Settings that were named are loaded from their file.
    written = _write(session, folders) if _is_named_and_new(session) else None
    said = _said_by_variables()
    session.override({f"paths.{name}": ("--data-dir", path) for name, path in folders.items() if name not in said})
    session.check_environment()
    paths = session.loaded.settings.paths
    _say_what_was_made(session, _make_folders(paths))
    choice = session.choose_device()
    say(f"Device check passed on {choice.device.id}.")
    if existing is None:
        say(f"Settings written: {written or _write(session, folders)}")
    else:
        tidy(existing)
        say(f"Settings kept: {existing}")
    if wish != "no":
        _measure(session, quick=wish == "quick", required=measure is not None)
    say(f"Put recordings into {paths.datasets}, or name any folder.\n")
    _show_next_steps(session)


def _is_named_and_new(session: Session) -> bool:
    """Whether the user named a settings file that is to be written."""
    return session.config is not None and not os.path.lexists(session.config)


def _say_what_was_made(session: Session, folders: list[Path]) -> None:
    if not folders:
        session.terminal.result("Folders: all there already.")
    for parent in dict.fromkeys(folder.parent for folder in folders):
        names = ", ".join(folder.name for folder in folders if folder.parent == parent)
        session.terminal.result(f"Folders made in {parent}: {names}")


def _show_next_steps(session: Session) -> None:
    session.terminal.result("What to do next:")
    program = program_name()
    steps = [(f"  {program} {words}", meaning) for words, meaning in _NEXT_STEPS]
    width = max(len(words) for words, _ in steps)
    for words, meaning in steps:
        session.terminal.result(meaning, lead=(f"{words:{width}}   ", ""))


def _chosen_folder(session: Session, data_dir: Path | None, *, ask: bool) -> Path:
    """Return where the data folders go: as given, as answered, or ``data`` beside the settings file."""
    from small_dataset_audio.config.load import absolute, writing_place

    chosen = data_dir or writing_place(session.config).parent / "data"
    if ask and data_dir is None:
        chosen = Path(session.terminal.ask("Where should the data folders go?", str(chosen)))
    return absolute(chosen, Path.cwd())


def _folders(data_dir: Path) -> dict[str, Path]:
    """Return the data folders by name: where a variable (``SDA_PATHS_LIBRARY`` …) says, else in ``data_dir``."""
    from small_dataset_audio.config.load import absolute

    said = _said_by_variables()
    return {name: absolute(said[name], Path.cwd()) if name in said else data_dir / name for name in FOLDERS}


def _said_by_variables() -> dict[str, Path]:
    """Return the data folders that variables name."""
    from small_dataset_audio.config.keys import KEYS

    said = {name: os.environ.get(KEYS[f"paths.{name}"].variable) for name in FOLDERS}
    return {name: Path(path) for name, path in said.items() if path}


def _chosen_measure(session: Session, reports: Path, measure: str | None, *, ask: bool) -> str:
    """Return how closely to measure the machine: as said, or as answered; it is not asked where a profile is stored."""
    from small_dataset_audio.hardware.benchmark.profile import load

    if measure is not None or not ask:
        return measure or "no"
    try:
        if load(reports) is not None:
            return "no"
    except StoreError:  # a damaged profile is none; measuring writes it new
        pass
    question = "Measure what this machine can train? quick takes 20 s, full about a minute"
    answer = None
    while answer is None:
        answer = _ANSWERS.get(session.terminal.ask(f"{question} ({', '.join(MEASURES)})", MEASURES[0]).lower())
    return answer


def _measure(session: Session, *, quick: bool, required: bool) -> None:
    """Run the benchmark and say what it found.

    Args:
        session: the invocation.
        quick: less closely.
        required: a failure ends the guide; else it is a warning.
    """
    from small_dataset_audio.cli.benchmark import run_benchmark
    from small_dataset_audio.hardware.benchmark.report.words import answer
    from small_dataset_audio.hardware.benchmark.setup import Setup

    try:
        profile, _ = run_benchmark(session, Setup(quick=quick), again=False)
    except SdaError as error:
        if required:
            raise
        session.terminal.warn(f"The machine could not be measured. {error.what} {error.fix}")
        return
    for sentence in answer(profile):
        session.terminal.result(sentence)


def _make_folders(paths: "Paths") -> list[Path]:
    from small_dataset_audio.atomic import store_error

    made = []
    for name in FOLDERS:
        folder: Path = getattr(paths, name)
        if folder.is_dir():
            continue
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise store_error("create the folder", folder, error) from error
        made.append(folder)
    return made


def _write(session: Session, folders: "Mapping[str, Path]") -> Path:
    """Write the settings file and return its path.

    Folders that lie where they would by default are not spelled out; those beside the file are written relative to it,
    so that all of it can be moved.
    """
    from small_dataset_audio.config.load import writing_place
    from small_dataset_audio.config.save import write_settings

    file = writing_place(session.config)
    home = file.parent
    told = {name: folder for name, folder in folders.items() if folder != home / "data" / name}
    places = {name: path.relative_to(home) if path.is_relative_to(home) else path for name, path in told.items()}
    return write_settings(file, {f"paths.{name}": str(place) for name, place in places.items()})
