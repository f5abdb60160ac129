"""TOML documents in every spelling the language has, for property tests."""

import string
import tomllib
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For property tests on machines that are busy with something else."""

Paths = dict[tuple[str, ...], Any]


def accepted(text: str) -> bool:
    try:
        tomllib.loads(text)
    except ValueError:
        return False
    return True


def _value_accepted(literal: str) -> bool:
    return accepted(f"x = [{literal}]")  # in brackets, so that nothing of it is a comment


bare_keys = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=5)
quoted_keys = st.text(st.sampled_from("ab.# =[]{}'\"é\\"), max_size=4).map(
    lambda key: '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
literal_keys = st.text(st.sampled_from('ab.# =[]{}"\\'), max_size=4).map(lambda key: f"'{key}'")
keys = st.one_of(bare_keys, bare_keys, quoted_keys, literal_keys)

_FRAGMENTS = [
    "a",
    " ",
    "#",
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    '"',
    "'",
    '""',
    "''",
    "\\",
    '\\"',
    "\\\\",
    "\n",
    "\r\n",
    "é",
    "x = 1\n",
]


def _quoted(quote: str) -> st.SearchStrategy[str]:
    body = st.lists(st.sampled_from(_FRAGMENTS), max_size=8).map("".join)
    return body.map(lambda text: f"{quote}{text}{quote}").filter(_value_accepted)


texts = st.one_of(*(_quoted(quote) for quote in ('"', "'", '"""', "'''")))
plain = st.sampled_from(
    [
        "1",
        "-17",
        "0xff",
        "1_000",
        "3.5",
        "6e-2",
        "inf",
        "-nan",
        "true",
        "false",
        "1979-05-27",
        "07:32:00.5",
        "1979-05-27T07:32:00Z",
    ]
) | st.just("1979-05-27 07:32:00")
spaces = st.sampled_from(["", " ", "\t", "  "])
blanks = st.sampled_from(["", " ", "\n", "\r\n\t", " # ] } , comment\n", "\n\n"])


@st.composite
def _arrays(draw: st.DrawFn, members: st.SearchStrategy[str]) -> str:
    parts = [draw(blanks) + member + draw(blanks) for member in draw(st.lists(members, max_size=3))]
    return "[" + ",".join(parts) + draw(blanks) + "]"


@st.composite
def _tables(draw: st.DrawFn, members: st.SearchStrategy[str]) -> str:
    names = draw(st.lists(keys, max_size=3, unique=True))
    parts = [f"{draw(spaces)}{name}{draw(spaces)}={draw(spaces)}{draw(members)}{draw(spaces)}" for name in names]
    return "{" + ",".join(parts) + draw(spaces) + "}"


values = st.recursive(
    st.one_of(plain, texts), lambda members: st.one_of(_arrays(members), _tables(members)), max_leaves=6
).filter(_value_accepted)


@st.composite
def _statements(draw: st.DrawFn) -> str:
    dots = f"{draw(spaces)}.{draw(spaces)}"
    name = dots.join(draw(st.lists(keys, min_size=1, max_size=3)))
    comment = draw(st.sampled_from(["", " # note = 1", "\t#"]))
    return f"{draw(spaces)}{name}{draw(spaces)}={draw(spaces)}{draw(values)}{comment}"


@st.composite
def _headers(draw: st.DrawFn) -> str:
    name = ".".join(draw(st.lists(keys, min_size=1, max_size=2)))
    return f"{draw(spaces)}[{draw(spaces)}{name}{draw(spaces)}]"


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Whole documents; a line that would break the document is left out."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    line = st.one_of(_statements(), _statements(), _headers(), st.sampled_from(["", "# comment = 1", "  "]))
    text = ""
    for part in draw(st.lists(line, min_size=2, max_size=9)):
        longer = text + part + newline
        text = longer if accepted(longer) else text
    return text.removesuffix(newline) if draw(st.booleans()) else text


def leaves(data: dict[str, Any], above: tuple[str, ...] = ()) -> Paths:
    """Return path -> value of everything that is no table; tables inside arrays stay inside."""
    found: Paths = {}
    for key, value in data.items():
        if isinstance(value, dict):
            found |= leaves(value, (*above, key))
        else:
            found[*above, key] = value
    return found
