import math
import tomllib

import pytest
from hypothesis import example, given

from small_dataset_audio.config.toml.locate import Header, locate
from small_dataset_audio.config.toml.read import NotToml, parse
from support.config_toml import documents, leaves, patient, values


def same(one: object, other: object) -> bool:
    return repr(one) == repr(other)  # tells 1 from True and nan from nan


@patient
@given(documents())
@example('"" = 1\n[a]\n"b.c" = """x"""""\n')
@example("a = '''''''\n")
def test_every_value_is_found_where_it_stands(text: str) -> None:
    data = tomllib.loads(text)
    places = locate(text)
    for path, value in leaves(data).items():
        entry = places.entry(path)
        assert entry is not None
        assert same(tomllib.loads(f"x = {text[slice(*entry.value)]}")["x"], value)


@patient
@given(documents())
def test_nothing_is_found_that_the_document_does_not_say(text: str) -> None:
    data = tomllib.loads(text)
    for entry in locate(text).entries:
        value = data
        for key in entry.path:
            value = value[key]
        assert same(tomllib.loads(f"x = {text[slice(*entry.value)]}")["x"], value)


@patient
@given(documents())
def test_the_line_is_the_one_on_which_the_key_is_written(text: str) -> None:
    places = locate(text)
    lines = text.split("\n")
    for entry in places.entries:
        rest_of_line = text[entry.start :].split("\n", 1)[0]
        assert lines[places.line(entry.start) - 1].endswith(rest_of_line)
        assert sum(len(line) + 1 for line in lines[: places.line(entry.start) - 1]) <= entry.start


@patient
@given(values)
def test_a_value_is_stepped_over_whole(literal: str) -> None:
    entry = locate(f"key = {literal} # behind\nnext = 1").entry(("key",))
    assert entry is not None
    assert f"key = {literal} # behind"[slice(*entry.value)] == literal


DOCUMENT = """\
# paths.library = "not here"
top = 1

[paths]
text = '''
library = "nor here"
'''
library = "here"

[pipeline]  # heading
skip = [
  "crop", # one
  "caption",
]
workers = 3
inline = { a = 1, b = { c = "}" }, d = [{ e = 1 }] }
dotted . key = 2

[[repeated]]
x = 1

[[repeated]]
x = 2
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("paths",), 4),
        (("paths", "text"), 5),
        (("paths", "library"), 8),
        (("pipeline",), 10),
        (("pipeline", "skip"), 11),
        (("pipeline", "workers"), 15),
        (("pipeline", "inline"), 16),
        (("pipeline", "inline", "b", "c"), 16),
        (("pipeline", "dotted"), 17),
        (("pipeline", "dotted", "key"), 17),
        (("repeated",), 19),
        (("repeated", "x"), 20),
        (("paths", "missing"), None),
        (("pipeline", "inline", "d", "e"), None),
    ],
)
def test_lines_of_sections_and_keys(path: tuple[str, ...], line: int | None) -> None:
    assert locate(DOCUMENT).line_of(*path) == line


def test_windows_line_ends_change_no_line_number() -> None:
    unix, windows = locate(DOCUMENT), locate(DOCUMENT.replace("\n", "\r\n"))
    assert [unix.line(entry.start) for entry in unix.entries] == [
        windows.line(entry.start) for entry in windows.entries
    ]


def test_line_separators_of_unicode_are_no_line_ends() -> None:
    places = locate('a = "x\u2028y\x85z"\nb = 1\n')
    assert places.line_of("b") == 2


def test_headers_tell_their_extent_and_whether_they_repeat() -> None:
    text = '[ "a b" . c ] # x\n[[d]]\n'
    assert locate(text).headers == [Header(("a b", "c"), 0, 13), Header(("d",), 18, 23, repeated=True)]


def test_inline_entries_are_marked() -> None:
    entries = locate("t = { a = 1 }\nb = 2\n").entries
    assert [(entry.path, entry.inline) for entry in entries] == [(("t",), False), (("t", "a"), True), (("b",), False)]


def test_a_document_without_anything_has_no_places() -> None:
    places = locate("\n# nothing\n\t\n")
    assert (places.entries, places.headers, places.line_of("a")) == ([], [], None)


def test_a_hundred_thousand_keys_are_located_in_one_pass() -> None:
    text = "".join(f"key{number} = {number}\n" for number in range(20_000))
    places = locate(text)
    assert places.line_of("key19999") == 20_000
    assert len(places.entries) == 20_000


@patient
@given(documents())
def test_parsing_agrees_with_tomllib(text: str) -> None:
    assert same(parse(text).data, tomllib.loads(text))


def test_a_number_that_is_not_one_is_still_located() -> None:
    entry = locate("x = nan").entry(("x",))
    assert entry is not None
    assert math.isnan(float("x = nan"[slice(*entry.value)]))


def nesting_outcome(text: str) -> int | str | None:
    try:
        return parse(text).line_of("x")
    except NotToml as error:
        return error.syntax.reason


@pytest.mark.parametrize("depth", [100, 100_000])
def test_nesting_is_followed_or_refused_but_never_crashes(depth: int) -> None:
    assert nesting_outcome(f"x = {'[' * depth}{']' * depth}") in {1, "Lists are nested too deeply."}
