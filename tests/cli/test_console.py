import io
import json
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.cli.console import (
    Output,
    Terminal,
    as_called,
    cells,
    json_text,
    plural,
    prepare_streams,
    program_name,
    wrapped,
)
from support.terminals import terminal
from support.terminals import terminal as pseudo_terminal


class Screen(io.StringIO):
    """A terminal of no particular size."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Ascii(Screen):
    """A terminal that knows no accents."""

    encoding = "ascii"


Seats = Callable[[int], tuple[Terminal, Screen, Screen]]


@pytest.fixture
def seated(monkeypatch: pytest.MonkeyPatch) -> Seats:
    """Return a maker of terminals of a given width, with what is seen of stdout and stderr."""

    def make(columns: int) -> tuple[Terminal, Screen, Screen]:
        out, err = Screen(), Screen()
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)
        return Terminal(), out, err

    return make


def test_results_and_messages_go_their_own_ways(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    terminal.result("a number")
    terminal.status("at work")
    terminal.warn("mind")
    Terminal(quiet=True).status("not said")
    shown = capsys.readouterr()
    assert shown.out == "a number\n"
    assert shown.err == "at work\nWarning: mind\n"


def test_in_a_pipe_nothing_is_wrapped_coloured_or_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    line = "word " * 100 + "\x1b[31m"
    terminal.result(line, "red", lead=("x ", "green"))
    assert capsys.readouterr().out == f"x {line}\n"
    assert not terminal.results.styled


def test_markup_and_emoji_codes_in_names_stay_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().result("[bold]tape[/bold] :smile: [1/2]")
    assert capsys.readouterr().out == "[bold]tape[/bold] :smile: [1/2]\n"


def test_what_rich_can_draw_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.table import Table

    table = Table("name", box=None)
    table.add_row("[bold]tape")
    Terminal().result(table)
    assert "[bold]tape" in capsys.readouterr().out


def test_a_watched_line_is_wrapped_between_words_and_a_path_stays_whole(seated: Seats) -> None:
    terminal, out, _ = seated(20)
    path = "/a/path/that/is/longer/than/the/terminal.wav"
    terminal.result(f"  Written to: {path} and more words after it")
    assert out.getvalue() == f"  Written to:\n  {path}\n  and more words\n  after it\n"


def test_styles_are_used_on_a_terminal_unless_the_user_says_no(seated: Seats, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, out, err = seated(80)
    terminal.result("fine", "green", lead=("+ ", "bold"))
    terminal.warn("mind")
    assert out.getvalue() == "\x1b[1m+ \x1b[0m\x1b[32mfine\x1b[0m\n"
    assert err.getvalue() == "\x1b[33mWarning: mind\x1b[0m\n"
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        monkeypatch.setenv(name, value)
        out.truncate(0)
        out.seek(0)
        terminal.result("fine", "green")
        assert out.getvalue() == "fine\n"


def test_a_name_cannot_command_the_terminal(seated: Seats) -> None:
    terminal, out, _ = seated(80)
    terminal.result("tape \x1b[2J\x07.wav\tand\nmore")
    assert out.getvalue() == "tape \\x1b[2J\\x07.wav\tand\nmore\n"


def test_the_terminals_width_is_asked_for_where_columns_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    with pseudo_terminal(57) as (_, shown), os.fdopen(shown, "w") as stream:
        assert Output(lambda: stream).width == 57
    assert Output(Screen).width == 80
    monkeypatch.setenv("COLUMNS", "wide")
    assert Output(Screen).width == 80
    assert Output(io.StringIO).width == 1000


def test_the_consoles_of_rich_know_the_same_width(seated: Seats, capsys: pytest.CaptureFixture[str]) -> None:
    terminal, _, _ = seated(44)
    assert terminal.out.width == 44
    assert terminal.err.is_terminal
    assert not terminal.out.soft_wrap


COLUMNS = ("name", "unit", "meaning")
ROWS = [("a long name", "Hz", "what it means in eight or so words"), ("b", "", "")]


def test_a_table_fits_or_its_free_column_is_wrapped_or_it_becomes_a_list(seated: Seats) -> None:
    terminal, out, _ = seated(80)
    terminal.table(COLUMNS, ROWS, free=2)
    assert out.getvalue().splitlines()[1:] == ["a long name  Hz    what it means in eight or so words", "b"]
    terminal, out, _ = seated(45)
    terminal.table(COLUMNS, ROWS, free=2)
    assert out.getvalue().splitlines()[1:] == [
        "a long name  Hz    what it means in eight or",
        "                   so words",
        "b",
    ]
    terminal, out, _ = seated(30)
    terminal.table(COLUMNS, ROWS, free=2)
    assert out.getvalue().splitlines() == [
        "\x1b[1ma long name\x1b[0m",
        "  unit Hz",
        "  what it means in eight or so",
        "  words",
        "\x1b[1mb\x1b[0m",
    ]
    terminal, out, _ = seated(20)
    terminal.table(COLUMNS[:2], ROWS[0:1] and [row[:2] for row in ROWS])
    assert out.getvalue().splitlines()[1:] == ["a long name  Hz", "b"]
    terminal, out, _ = seated(12)
    terminal.table(COLUMNS[:2], [row[:2] for row in ROWS])
    assert out.getvalue().splitlines() == ["\x1b[1ma long name\x1b[0m", "  unit Hz", "\x1b[1mb\x1b[0m"]


def test_wide_letters_are_counted_as_a_terminal_shows_them() -> None:
    assert cells("tape") == 4
    assert cells("🎹 é") == 4
    assert cells("録音") == 4


@given(st.text(alphabet="ab é🎹 ", max_size=60), st.integers(1, 30), st.integers(0, 3))
def test_wrapping_loses_no_word_and_only_long_words_stick_out(line: str, width: int, hang: int) -> None:
    lines = wrapped(line, width, hang).split("\n")
    assert " ".join(lines).split() == line.split()
    room = width - (len(line) - len(line.lstrip(" ")))
    for one in lines:
        assert cells(one.rstrip()) <= width or len(one.split()) == 1 or cells(one.strip()) + hang > room


def test_json_is_readable_where_the_encoding_allows_and_escaped_elsewhere() -> None:
    document = {"name": "🎹 é"}
    assert "🎹 é" in json_text(document)
    assert json_text(document, "ascii").isascii()
    undecodable = {"name": os.fsdecode(b"caf\xe9")}
    for encoding in ("utf-8", "ascii"):
        text = json_text(undecodable, encoding)
        assert os.fsencode(json.loads(text.encode(encoding))["name"]) == b"caf\xe9"
    assert json.loads(json_text(document, "ascii")) == document


def test_streams_hold_any_text_after_they_are_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    buffers = io.BytesIO(), io.BytesIO()
    for name, buffer in zip(("stdout", "stderr"), buffers, strict=True):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(buffer, encoding="ascii"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9\n"), encoding="utf-8"))
    prepare_streams()
    terminal = Terminal()
    terminal.result("✓ 🎹 " + os.fsdecode(b"caf\xe9"))
    sys.stdout.flush()
    assert buffers[0].getvalue() == b"\\u2713 \\U0001f3b9 caf\xe9\n"
    assert not terminal.results.holds("✓")
    assert terminal.ask("Where?", "here") == os.fsdecode(b"caf\xe9")
    with pytest.raises(KeyboardInterrupt):
        terminal.ask("Where?", "here")
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", "sda")


def test_enter_takes_the_default(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n  there \n"))
    terminal = Terminal()
    assert terminal.ask("Where?", "here") == "here"
    assert terminal.ask("Where?", "here") == "there"
    assert capsys.readouterr().err == "Where? [here]: Where? [here]: "
    assert not terminal.interactive


@pytest.mark.process
def test_ctrl_c_in_the_instant_before_the_wait_is_heard(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waits: list[float] = []

    def wait(*words: object) -> tuple[list[object], list[object], list[object]]:
        waits.append(float(str(words[-1])))
        if len(waits) == 1:
            return [], [], []  # the signal came just before: a wait without an end would not hear it
        raise KeyboardInterrupt

    with terminal(80) as (watching, shown), os.fdopen(shown) as keyboard:
        monkeypatch.setattr(sys, "stdin", keyboard)
        with monkeypatch.context() as patch:
            patch.setattr(select, "select", wait)
            with pytest.raises(KeyboardInterrupt):
                Terminal().ask("Where?", "here")
        os.write(watching, b"there\n")
        assert Terminal().ask("Where?", "here") == "there"
    assert 0 < waits[0] < 1
    assert capsys.readouterr().err == "Where? [here]: Where? [here]: "


def test_the_program_is_called_as_the_user_called_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "sda"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    monkeypatch.setattr(sys, "argv", ["bin/sda"])
    assert program_name() == "bin/sda"
    assert as_called("Run `sda setup`, then sda run.") == "Run `bin/sda setup`, then sda run."
    assert as_called("nothing quoted") == "nothing quoted"
    monkeypatch.setattr(sys, "argv", [str(program)])
    assert program_name() == "bin/sda"
    monkeypatch.chdir("/")
    assert program_name() == str(program).lstrip("/")
    monkeypatch.setenv("PATH", str(program.parent))
    assert program_name() == "sda"
    monkeypatch.setattr(sys, "argv", ["/x/small_dataset_audio/__main__.py"])
    assert program_name() == "python -m small_dataset_audio"
    monkeypatch.setattr(sys, "argv", ["/usr/bin/pytest"])
    assert program_name() == "sda"


def test_one_and_many() -> None:
    assert [plural(n, "track") for n in (0, 1, 2)] == ["0 tracks", "1 track", "2 tracks"]
    assert plural(2, "process", "processes") == "2 processes"


def test_an_unknown_encoding_holds_nothing() -> None:
    class Odd(Screen):
        encoding = "no-such-encoding"

    assert not Output(Odd).holds("a")
    assert Output(Ascii).holds("a")
