import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.report.markup import Html, code, html, joined, json_block, script_json, shown, tag

ANYTHING = st.text(st.characters(exclude_categories=[]))


class Reader(HTMLParser):
    """What a browser's parser makes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


@given(ANYTHING, ANYTHING)
def test_whatever_text_says_it_stays_text(inside: str, value: str) -> None:
    found = read(tag("p", inside, title=value))
    assert found.tags == ["p"]
    assert found.text == shown(inside)
    assert found.attributes == [("title", shown(value))]


@given(ANYTHING)
def test_what_no_page_can_hold_is_replaced_and_can_be_written(text: str) -> None:
    html(text).encode("utf-8")
    assert "\0" not in shown(text)


@given(st.recursive(st.none() | ANYTHING | st.floats(allow_nan=False, allow_infinity=False), st.lists))
def test_json_in_a_script_never_ends_it(document: object) -> None:
    text = script_json(document)
    assert not {"<", ">", "&", "\u2028", "\u2029"} & set(text)
    text.encode("ascii")
    json.loads(text)


def test_json_comes_back() -> None:
    document = {"a </script>": ["<!--", 1.5, None, True], "b": {"c": "é"}, "d": (1, 2)}
    assert json.loads(script_json(document)) == {**document, "d": [1, 2]}
    found = read(json_block("x", document))
    assert found.tags == ["script"]
    assert json.loads(found.text) == {**document, "d": [1, 2]}


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        script_json([float("nan")])


def test_attributes_are_written_as_html_names_them() -> None:
    made = tag("input", class_="a", aria_label="b", disabled=True, hidden=False, title=None, max=1.5, min=0)
    assert made == '<input class="a" aria-label="b" disabled max="1.5" min="0">'


def test_elements_of_svg_end_themselves() -> None:
    assert tag("path", d="M0 0") == '<path d="M0 0"/>'


def test_what_is_html_already_is_not_escaped_again() -> None:
    assert tag("p", tag("b", "<"), None, "&") == "<p><b>&lt;</b>&amp;</p>"
    assert joined(("a", None, Html("<i>")), ", ") == "a, <i>"


def test_names_may_break_behind_underscores() -> None:
    assert code("a_<b") == "<code>a_<wbr>&lt;b</code>"
