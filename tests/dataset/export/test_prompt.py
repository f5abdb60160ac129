import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.config.export import Export
from small_dataset_audio.dataset.export.prompt import Template
from small_dataset_audio.errors import UsageError

_WORDS: dict[str, str | float | int] = {
    "caption": "A calm piece.",
    "genres": "House, Techno",
    "bpm": 124.6,
    "key": "A minor",
    "tonic": 9,
    "lufs": -14.25,
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{caption}", "A calm piece."),
        ("{genres}, {bpm:.0f} BPM", "House, Techno, 125 BPM"),
        ("{bpm:.2f}/{bpm}/{tonic}/{tonic:.1f}/{lufs}", "124.60/124.6/9/9.0/-14.25"),
        ("[{moods}, ][{key}]", "A minor"),
        ("[{key}, ][{moods}]", "A minor"),
        ("[{key} and {moods}]", ""),
        ("{moods} mood, {key}", "mood, A minor"),
        ("[no place at all] x", "no place at all x"),
        ("{{x}} [[y]] {key}", "{x} [y] A minor"),
        ("  lots\n of\tspace  ", "lots of space"),
        ("{key}", "A minor"),
        ("", ""),
    ],
)
def test_places_are_filled_and_what_is_missing_drops_out(template: str, text: str) -> None:
    assert Template(template).filled(_WORDS) == text


def test_the_template_of_the_settings_reads_well_whatever_is_missing() -> None:
    template = Template(Export().template)
    full = {**_WORDS, "moods": "dark", "instruments": "synth"}
    assert template.filled(full) == "House, Techno, dark, synth, 125 BPM, A minor. A calm piece."
    assert template.filled({"bpm": 90.0, "key": "C major"}) == "90 BPM, C major."
    assert template.filled({"genres": "Jazz"}) == "Jazz"
    assert template.filled({"caption": "Rain."}) == "Rain."
    assert template.filled({}) == ""


def test_a_text_that_is_filled_in_is_no_template() -> None:
    assert Template("{caption}").filled({"caption": "{key} [x] {{"}) == "{key} [x] {{"
    assert Template("[{caption}]").filled({"caption": "two\nlines\x00\ud800"}) == "two lines"


@pytest.mark.parametrize(
    "template",
    ["{", "}", "{caption", "{a b}", "{}", "{bpm:.1f", "{bpm:d}", "{bpm!r}", "[", "]", "[[[", "[a[b]]", "{[x]}"],
)
def test_a_template_that_does_not_match_is_a_mistake_with_a_fix(template: str) -> None:
    with pytest.raises(UsageError) as caught:
        Template(template)
    assert "twice" in caught.value.fix


def test_a_name_that_nobody_knows_is_a_mistake() -> None:
    template = Template("{captoin} {bpm}")
    assert template.names == ("captoin", "bpm")
    with pytest.raises(UsageError) as caught:
        template.check({"caption", "bpm"})
    assert "Did you mean caption?" in caught.value.fix
    with pytest.raises(UsageError):
        Template("{zzz}").check(())
    Template("{bpm}").check({"bpm"})


@given(st.text(alphabet="{}[]ab:.0f ,", max_size=20))
def test_any_template_is_filled_or_refused(text: str) -> None:
    try:
        template = Template(text)
    except UsageError:
        return
    filled = template.filled({"a": "x", "b": 1.5})
    assert filled == " ".join(filled.split())


@given(st.dictionaries(st.sampled_from(sorted({*_WORDS, "moods", "instruments"})), st.text(max_size=9)))
def test_what_is_left_out_leaves_nothing_behind(words: dict[str, str]) -> None:
    filled = Template(Export().template).filled(dict(words))
    assert not filled.startswith((",", " "))
    assert not filled.endswith((",", " "))
