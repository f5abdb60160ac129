"""Writing settings: a new file that explains itself, or one value of a file that is there.

Every write is whole or not at all. A change of a file is proven before it happens: the new text is parsed, and must
differ in exactly the one value.
"""

import contextlib
import copy
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from small_dataset_audio.atomic import store_error, sweep_temporaries, write_text
from small_dataset_audio.config.compose import compose
from small_dataset_audio.config.keys import Key, WrongValue, known_key
from small_dataset_audio.config.load import settled
from small_dataset_audio.config.problems import Problem, config_error, not_toml, wrong_value
from small_dataset_audio.config.schema import IDENTITY, schema_text
from small_dataset_audio.config.sources import Gathered, from_file, from_overrides
from small_dataset_audio.config.toml.edit import with_value, without_value
from small_dataset_audio.config.toml.read import Document, NotToml, decode, parse, read_bytes
from small_dataset_audio.config.toml.spell import spell
from small_dataset_audio.errors import ConfigError, StoreError

_BYTE_ORDER_MARK = "\ufeff"


def write_settings(file: Path, values: Mapping[str, object] | None = None, *, replace: bool = False) -> Path:
    """Write a settings file that explains itself, with its schema beside it, and return the file.

    Args:
        file: where; missing folders are made.
        values: ``section.key`` -> value (text is read as on the command line). These are written as settings; all
            other keys stand there as comments with their defaults, so that better defaults of a later version
            take effect.
        replace: write over a file that is there. Otherwise that is an error.

    Raises:
        ConfigError: a value is not allowed, or the file is there.
        StoreError: it cannot be written.
    """
    gathered = from_overrides(values or {}, {})
    settled(gathered, file.parent.absolute(), file.parent.absolute())
    if gathered.problems:
        raise config_error(gathered.problems, None)
    plain = {full: _plain(given.value) for full, given in gathered.values.items()}
    _make_folder(file.parent)
    with _alone_in(file.parent):
        if not replace and os.path.lexists(file):
            raise ConfigError(
                f"{file} is there already.",
                "sda does not write over a settings file that it was not told to replace.",
                "Change single values with `sda config set`, or move the file away first.",
            )
        schema = schema_name(file) if refresh_schema(file) else None
        _write(file, _spelled(lambda: compose(plain, schema)))
    return file


def set_value(file: Path, key: str, text: str) -> None:
    """Give one setting a value in ``file``; every other line stays as it is. A missing file is written new.

    Args:
        file: the settings file.
        key: ``section.key``.
        text: the value as on the command line. A relative path counts from the file's folder.

    Raises:
        UsageError: there is no such setting.
        ConfigError: the value is not allowed (nor together with the others), or the file is not valid TOML.
        StoreError: the file cannot be written.
    """
    setting = known_key(key)
    try:
        value = setting.understand(text)
    except WrongValue as error:
        raise config_error([wrong_value("The new value", setting, text)], None) from error
    if not os.path.lexists(file):
        write_settings(file, {key: text})
        return

    literal = _spelled(lambda: spell(value))

    def expected(data: dict[str, Any]) -> None:
        """Put the value where it belongs in what the file says."""
        section = data.setdefault(setting.section, {})
        if isinstance(section, dict):
            section[setting.name] = value

    _change(file, setting, lambda old: with_value(old, setting.section, setting.name, literal), expected)


def unset_value(file: Path, key: str) -> bool:
    """Take one setting out of ``file``, so that its default counts again; return whether it was there.

    Raises:
        UsageError: there is no such setting.
        ConfigError: the file is not valid TOML.
        StoreError: the file cannot be written.
    """
    setting = known_key(key)
    if not os.path.lexists(file):
        return False
    document = parsed(file, decode(file, read_bytes(file)))
    section = document.data.get(setting.section)
    if not isinstance(section, dict) or setting.name not in section:
        return False

    def expected(data: dict[str, Any]) -> None:
        """Take the value out of what the file says."""
        del data[setting.section][setting.name]

    _change(file, setting, lambda old: without_value(old, setting.section, setting.name), expected)
    return True


def parsed(file: Path, text: str) -> Document:
    """Return what the text says.

    Raises:
        ConfigError: it is not TOML.
    """
    try:
        return parse(text)
    except NotToml as error:
        raise config_error([not_toml(file.name, error.syntax)], file) from error


def schema_name(file: Path) -> str:
    """Return the name of the schema beside a settings file: ``config.schema.json`` beside ``config.toml``."""
    return f"{file.stem}.schema.json"


def refresh_schema(file: Path) -> bool:
    """Put the present JSON Schema beside a settings file and return whether it now is there.

    A file of that name that is not ours stays untouched.

    Raises:
        StoreError: it cannot be read or written.
    """
    place = file.with_name(schema_name(file))
    text = schema_text()
    try:
        there = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        there = None
    except (IsADirectoryError, UnicodeDecodeError):
        return False
    except OSError as error:
        raise store_error("read", place, error) from error
    if there is not None and IDENTITY not in there:
        return False
    if there != text:
        write_text(place, text)
    return True


def tidy(file: Path) -> None:
    """Remove what a process that was killed while it wrote settings has left beside them, where that can be done."""
    with contextlib.suppress(StoreError), _alone_in(file.parent):
        pass


def _change(file: Path, setting: Key, edit: Callable[[str], str], expected: Callable[[dict[str, Any]], None]) -> None:
    """Change a file through ``edit`` if the outcome is what ``expected`` makes of the data, and no new mistake."""
    target = Path(os.path.realpath(file))  # a link stays a link
    with _alone_in(target.parent):
        content = read_bytes(target)
        text = decode(target, content)
        before = parsed(target, text)
        wanted = copy.deepcopy(before.data)
        expected(wanted)
        after = _edited(before, edit)
        if after is None or not _same(_filled(after.data), _filled(wanted)):
            raise ConfigError(
                f"{setting.full} could not be changed in {target}.",
                "It is written in a way that sda cannot change without touching other lines.",
                "Change it in your editor.",
            )
        new = [problem for problem in _problems(after, target) if _essence(problem) not in _essences(before, target)]
        if new:
            raise config_error(new, target)
        if after.text != text:
            mark = _BYTE_ORDER_MARK if content.startswith(_BYTE_ORDER_MARK.encode()) else ""
            _write(target, mark + after.text)


def _edited(before: Document, edit: Callable[[str], str]) -> Document | None:
    """Return the edited document, or None if the edit broke it."""
    try:
        return parse(edit(before.text))
    except NotToml:
        return None


def _problems(document: Document, file: Path) -> list[Problem]:
    """Return the mistakes of a settings file on its own."""
    gathered: Gathered = from_file(document, file)
    settled(gathered, file.parent, file.parent)
    return gathered.problems


def _essence(problem: Problem) -> tuple[str, str]:
    """Return what makes two problems the same when lines have moved."""
    return problem.what, problem.why


def _essences(document: Document, file: Path) -> set[tuple[str, str]]:
    """Return the essences of a file's mistakes."""
    return {_essence(problem) for problem in _problems(document, file)}


def _filled(data: dict[str, Any]) -> dict[str, Any]:
    """Return the sections that hold anything: a heading without keys says nothing."""
    return {section: content for section, content in data.items() if content != {}}


def _same(one: object, other: object) -> bool:
    """Return whether two values are the same, types included (in Python, 1 == True == 1.0)."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(*pair) for pair in zip(one, other, strict=True))
    return type(one) is type(other) and (one == other or (one != one and other != other))  # noqa: PLR0124 - not a number


def _plain(value: object) -> object:
    """Return a checked value as the file holds it."""
    return str(value) if isinstance(value, Path) else value


def _spelled(spelling: Callable[[], str]) -> str:
    """Return a text for the file.

    Raises:
        ConfigError: it holds bytes that are not Unicode.
    """
    try:
        return spelling()
    except UnicodeEncodeError as error:
        raise ConfigError(
            "A value cannot be written into a settings file.",
            f"It holds a byte that is no character: {error.object!r}.",
            "Rename the folder so that its name is made of ordinary characters.",
        ) from error


def _make_folder(folder: Path) -> None:
    """Make a folder with its parents."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise store_error("create", folder, error) from error


def _write(file: Path, text: str) -> None:
    """Put text in place of a file that keeps its permissions and, where that is allowed, its owner."""
    facts = None
    with contextlib.suppress(OSError):
        facts = file.stat()
    write_text(file, text)
    if facts is not None:
        with contextlib.suppress(OSError):  # some file systems know neither
            file.chmod(facts.st_mode & 0o7777)
            os.chown(file, facts.st_uid, facts.st_gid)


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other sda processes from changing settings in ``folder`` meanwhile, where the file system can do that."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise store_error("write", folder, error) from error
    try:
        with contextlib.suppress(OSError):  # network file systems may refuse locks on folders
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            sweep_temporaries(folder)
        yield
    finally:
        with contextlib.suppress(OSError):  # nothing was written through it
            os.close(descriptor)
