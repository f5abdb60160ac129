import errno
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.config.toml.read import LARGEST_FILE, NotToml, decode, parse, read_bytes, shortened
from small_dataset_audio.errors import ConfigError
from support.config_toml import patient


@patient
@given(st.text(st.sampled_from("ab=.[]{}'\"\\#,\n\r\t 019-:_eé\0"), max_size=40))
def test_any_text_is_read_as_tomllib_reads_it_or_refused(text: str) -> None:
    try:
        data = tomllib.loads(text)
    except ValueError:
        with pytest.raises(NotToml):
            parse(text)
    else:
        assert repr(parse(text).data) == repr(data)


@patient
@given(st.binary(max_size=60))
def test_any_bytes_are_text_or_refused(content: bytes) -> None:
    try:
        content.decode()
    except UnicodeDecodeError:
        with pytest.raises(ConfigError, match="not UTF-8"):
            decode(Path("c.toml"), content)
    else:
        assert decode(Path("c.toml"), content).encode() in (content, content[3:])


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("[hardware]\ndevice = cpu\n", 2, "quotes"),
        ('[hardware]\ndevice "cpu"\n', 2, "key = value"),
        ("a = 1\n= 3\n", 2, "key = value"),
        ('p = "C:\\Music"\n', 1, "single quotes"),
        ("a = 1\na = 2\n", 2, "twice"),
        ("[a]\n\n[a]\n", 3, "twice"),
        ('\n\na = "x\n', 3, "both ends"),
        ('a = """x\n\n', 1, "both ends"),
        ("[a\n", 1, "square brackets"),
        ("a = 1 2\n", 1, "one value"),
        ("a = {b = 1\n}\n", 1, "neighbours"),
    ],
)
def test_what_is_not_toml_is_told_with_its_line_and_what_helps(text: str, line: int, hint: str) -> None:
    with pytest.raises(NotToml) as caught:
        parse(text)
    assert caught.value.syntax.line == line
    assert hint in caught.value.syntax.hint


def test_the_line_itself_is_shown() -> None:
    with pytest.raises(NotToml) as caught:
        parse("x = 1\nlibrary = data\t\n")
    assert caught.value.syntax.reason == "The line is: library = data (Invalid value)."


def test_a_number_with_thousands_of_digits_is_refused() -> None:
    with pytest.raises(NotToml) as caught:
        parse("x = " + "9" * 5000)
    assert caught.value.syntax.line is None


def test_a_byte_order_mark_is_not_part_of_the_text() -> None:
    assert decode(Path("c.toml"), b"\xef\xbb\xbfa = 1") == "a = 1"


def test_utf16_is_named() -> None:
    with pytest.raises(ConfigError, match="UTF-16"):
        decode(Path("c.toml"), "a = 1".encode("utf-16"))


def test_the_line_with_a_wrong_byte_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        decode(Path("c.toml"), b'a = 1\nb = "\xe9"\n')
    assert "Line 2" in caught.value.why
    assert "UTF-8" in caught.value.fix


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        read_bytes(tmp_path)


def test_a_pipe_is_no_settings_file_and_does_not_make_us_wait(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ConfigError, match="not a regular file"):
        read_bytes(pipe)


def test_a_recording_is_no_settings_file(tmp_path: Path) -> None:
    recording = tmp_path / "song.wav"
    with recording.open("wb") as file:
        file.truncate(LARGEST_FILE)
    with pytest.raises(ConfigError, match="too large"):
        read_bytes(recording)


def test_the_largest_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "large.toml"
    file.write_bytes(b"#" * (LARGEST_FILE - 1))
    assert len(read_bytes(file)) == LARGEST_FILE - 1


def test_a_file_without_permission_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ConfigError) as caught:
        read_bytes(tmp_path / "c.toml")
    assert "Permission denied" in caught.value.why
    assert "permissions" in caught.value.fix


def test_a_name_with_a_zero_byte_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_bytes(Path("a\0b"))


def open_files() -> list[Path]:
    return sorted(Path("/dev/fd").iterdir())


def test_no_file_stays_open(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text("a = 1")
    before = open_files()
    read_bytes(file)
    with pytest.raises(ConfigError):
        read_bytes(tmp_path)
    assert open_files() == before


@pytest.mark.parametrize(
    ("text", "shown"),
    [("short", "short"), ("a" * 81, "a" * 79 + "…"), ("\x1b[2J", "\N{REPLACEMENT CHARACTER}[2J")],
)
def test_messages_show_texts_short_and_harmless(text: str, shown: str) -> None:
    assert shortened(text) == shown
