"""``--help`` of every command: whole, true, and without the words of the programming language."""

import re
from pathlib import Path

import pytest
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from small_dataset_audio.cli.app import app
from small_dataset_audio.cli.main import main
from small_dataset_audio.config.keys import KEYS
from support.terminals import at_terminal


def commands(group: TyperGroup, *above: str) -> dict[tuple[str, ...], TyperCommand]:
    """Return the words that lead to each command -> the command."""
    found: dict[tuple[str, ...], TyperCommand] = {}
    for name, one in group.commands.items():
        if isinstance(one, TyperGroup):
            found |= commands(one, *above, name)
        elif isinstance(one, TyperCommand):
            found[*above, name] = one
    return found


TREE = get_command(app)
assert isinstance(TREE, TyperGroup)
COMMANDS = commands(TREE)
GROUPS = [(), ("models",), ("config",)]


def help_of(words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*words, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("words", [*GROUPS, *COMMANDS], ids=" ".join)
def test_arguments_have_plain_names_and_no_sentence_is_cut(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = help_of(words, capsys, monkeypatch)
    usage, _, rest = text.partition("\n\n")
    assert usage.startswith(f"Usage: {' '.join(('sda', *words))} [OPTIONS]")
    assert re.fullmatch(r"[^{}<>]*", usage)
    assert "[[" not in usage
    for word in ("<path>", "<str>", "<int>", "list["):
        assert word not in text
    assert not re.search(r"\w\.\.\.$", rest, re.MULTILINE)
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_is_explained_and_tells_its_default(words: tuple[str, ...]) -> None:
    for one in COMMANDS[words].params:
        assert isinstance(one, TyperArgument | TyperOption)
        assert one.help, one.name
        assert one.help.endswith("."), one.name
        for setting in re.findall(r"Default: ([a-z]+\.[a-z_]+)\.", one.help):
            assert setting in KEYS, one.name


@pytest.mark.parametrize(
    ("words", "option", "setting"),
    [
        (("run",), "workers", "pipeline.workers"),
        (("run",), "library", "paths.library"),
        (("separate",), "backend", "separation.backend"),
        (("caption",), "backend", "captions.backend"),
        (("transcribe",), "backend", "transcription.backend"),
        (("crop",), "seconds", "crops.seconds"),
        (("metadata",), "sources", "metadata.sources"),
        (("export",), "validation", "export.validation"),
    ],
)
def test_an_option_names_the_setting_that_holds_without_it(words: tuple[str, ...], option: str, setting: str) -> None:
    [told] = [one.help for one in COMMANDS[words].params if one.name == option]  # type: ignore[attr-defined]
    assert told.endswith(f"Default: {setting}.")


def test_what_may_be_left_out_or_repeated_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for words, usage in (
        (("analyze",), "Usage: sda analyze [OPTIONS] FILE\n"),
        (("crop",), "Usage: sda crop [OPTIONS] [PATH]...\n"),
        (("export",), "Usage: sda export [OPTIONS] FORMAT [LIBRARY]\n"),
        (("models", "pull"), "Usage: sda models pull [OPTIONS] NAME...\n"),
        (("config", "set"), "Usage: sda config set [OPTIONS] KEY [VALUE]\n"),
    ):
        assert help_of(words, capsys, monkeypatch).startswith(usage)


@pytest.mark.process
@pytest.mark.parametrize("words", [("--help",), ("crop", "--help")], ids=" ".join)
def test_help_fits_a_narrow_terminal(words: tuple[str, ...], tmp_path: Path) -> None:
    shown = at_terminal(*words, cwd=tmp_path, columns=40)
    assert shown.status == 0
    assert max(map(len, shown.lines)) <= 40
