"""``sda setup``, the guided first run, and what a bare ``sda`` does."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import EXIT_OK

if TYPE_CHECKING:
    from small_dataset_audio.config.model import Paths

FOLDERS: Final = ("datasets", "models", "generated", "library", "reports", "cache")
"""The keys of ``[paths]``, each a folder that the guide makes."""

NEXT_STEPS: Final = """What to do next:
  sda demo                 hear and see what sda does, on music that it composes itself
  sda run ~/Music/tapes    bring a folder of recordings into the library and measure them
  sda analyze song.mp3     every number of one file, nothing written"""


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
    session.terminal.result(NEXT_STEPS)
    return EXIT_OK


def guide(session: Session, data_dir: Path | None, *, ask: bool) -> None:
    """Carry out the first run: folders, device check, settings file; say what was done.

    Raises:
        SdaError: a folder or the settings file cannot be written, or the environment is not fit.
    """
    say = session.terminal.result
    say("Welcome to sda. It turns a folder of recordings into a dataset. Your originals are never changed.")
    existing = session.loaded.file
    if existing is None:
        data_dir = _chosen_folder(session, data_dir, ask=ask)
        session.override({f"paths.{name}": ("--data-dir", data_dir / name) for name in FOLDERS})
    elif data_dir is not None:
        session.terminal.warn(f"{existing} exists and is kept: --data-dir is not used. `sda config set` changes it.")
    session.check_environment()
    paths = session.loaded.settings.paths
    made = _make_folders(paths)
    say(f"Folders made: {', '.join(str(folder) for folder in made)}" if made else "Folders: all there already.")
    choice = session.choose_device()
    say(f"Device check passed: {choice.device.name} ({choice.device.id}), {choice.why}.")
    if existing is None and data_dir is not None:
        say(f"Settings written: {_write(session, data_dir)}")
    else:
        say(f"Settings kept: {existing}")
    say(f"Put recordings into {paths.datasets}, or name any folder.\n\n{NEXT_STEPS}")


def _chosen_folder(session: Session, data_dir: Path | None, *, ask: bool) -> Path:
    """Return where the data folders go: as given, as answered, or ``data`` beside the settings file."""
    default = data_dir or session.loaded.folder / "data"
    if ask and data_dir is None:
        default = Path(session.terminal.ask("Where should the data folders go?", str(default))).expanduser()
    return default if default.is_absolute() else Path.cwd() / default


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
    """Write the settings file; folders that lie where they would by default are not spelled out."""
    from small_dataset_audio.config.load import writing_place
    from small_dataset_audio.config.save import write_settings

    file = writing_place(session.config)
    usual = data_dir == file.parent / "data"
    return write_settings(file, {} if usual else {f"paths.{name}": str(data_dir / name) for name in FOLDERS})
