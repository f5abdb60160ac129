"""``sda setup``, the guided first run, and what a bare ``sda`` does."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from small_dataset_audio.cli.console import program_name
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import EXIT_OK

if TYPE_CHECKING:
    from small_dataset_audio.config.model import Paths

FOLDERS: Final = ("datasets", "models", "generated", "library", "reports", "cache")
"""The keys of ``[paths]``, each a folder that the guide makes."""

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
) -> None:
    """Guide through the first run.

    Folders, device, settings. An existing config.toml is kept as it is.
    """
    session = session_of(context)
    guide(session, data_dir, ask=not yes and session.terminal.interactive)


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


def guide(session: Session, data_dir: Path | None, *, ask: bool) -> None:
    """Carry out the first run: folders, device check, settings file; say what was done.

    Raises:
        SdaError: a folder or the settings file cannot be written, or the environment is not fit.
    """
    say = session.terminal.result
    say("Welcome to sda. It turns a folder of recordings into a dataset. Your originals are never changed.")
    existing = None if _is_named_and_new(session) else session.loaded.file
    written = None
    if existing is None:
        data_dir = _chosen_folder(session, data_dir, ask=ask)
        if _is_named_and_new(session):
            written = _write(session, data_dir)  # settings that were named are loaded from their file
        session.override({f"paths.{name}": ("--data-dir", data_dir / name) for name in FOLDERS})
    elif data_dir is not None:
        session.terminal.warn(f"{existing} exists and is kept: --data-dir is not used. `sda config set` changes it.")
    session.check_environment()
    paths = session.loaded.settings.paths
    _say_what_was_made(session, _make_folders(paths))
    choice = session.choose_device()
    say(f"Device check passed on {choice.device.id}.")
    if existing is None and data_dir is not None:
        say(f"Settings written: {written or _write(session, data_dir)}")
    else:
        say(f"Settings kept: {existing}")
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


def _write(session: Session, data_dir: Path) -> Path:
    """Write the settings file and return its path.

    Folders that lie where they would by default are not spelled out; those beside the file are written relative to it,
    so that all of it can be moved.
    """
    from small_dataset_audio.config.load import writing_place
    from small_dataset_audio.config.save import write_settings

    file = writing_place(session.config)
    if data_dir == file.parent / "data":
        return write_settings(file, {})
    beside = data_dir.is_relative_to(file.parent)
    place = data_dir.relative_to(file.parent) if beside else data_dir
    return write_settings(file, {f"paths.{name}": str(place / name) for name in FOLDERS})
