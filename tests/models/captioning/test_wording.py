import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.models.captioning.wording import known_to_be_outside, plain, vocabulary, whole_sentences


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("A slow waltz.", "A slow waltz."),
        ("A “slow” waltz — in 3\u20444… or ½", 'A "slow" waltz - in 3/4... or 1/2'),
        ("It\u2019s in F♯ minor,\n\nthen\tB♭ major.", "It's in F# minor, then Bb major."),
        ("<think>Is it a waltz?\nIt is.</think>\nA waltz.", "A waltz."),
        ("It might be a march, no.</think> A waltz.", "A waltz."),
        ("<think>It never ends", ""),
        ("Assistant: A waltz.<|im_end|>", "A waltz."),
        ("<|im_start|>assistant\nA waltz.</s>", "A waltz."),
        (
            "# The piece\n\n- **Tempo**: *slow*\n- Key: `A minor`\n2. Mood: sad",
            "The piece Tempo: slow Key: A minor Mood: sad",
        ),
        ("2 * 3 * 4 and a_b_c", "2 * 3 * 4 and a_b_c"),
        ("a\u200bb\u00a0c\u00add", "ab cd"),
        ("{genres} ﬁne ①", "(genres) fine 1"),
        ("Bell \x07 and \u2028line", "Bell and line"),
    ],
)
def test_an_answer_becomes_one_line_of_plain_text(answer: str, expected: str) -> None:
    assert plain(answer) == expected


@given(st.text())
def test_whatever_the_answer_it_is_one_line_in_nfkc_and_stays_what_it_is(answer: str) -> None:
    text = plain(answer)
    assert text == " ".join(text.split())
    assert not any(unicodedata.category(one) in {"Cc", "Zl", "Zp"} for one in text)
    assert not set(text) & set("{}\u2018\u2019\u201c\u201d\u2013\u2014\u2026")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two. And thr", "One. Two."),
        ('He said "stop!" and wen', 'He said "stop!"'),
        ("At 3.5 Hz it", "At 3.5 Hz it"),
        ("No end", "No end"),
        ("Whole.", "Whole."),
    ],
)
def test_a_text_that_was_cut_off_ends_with_its_last_whole_sentence(text: str, expected: str) -> None:
    assert whole_sentences(text) == expected


def test_what_t5_is_known_not_to_know_is_told_once_each() -> None:
    assert known_to_be_outside("a < b < {c}") == ("<", "{", "}")
    assert known_to_be_outside("A waltz.") == ()


def test_the_real_tokenizer_tells_what_it_does_not_know(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    pieces = [("<unk>", 0.0), ("\u2581", -1.0), *((one, -2.0) for one in "abcdefghijklmnopqrstuvwxyz.")]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    outside = vocabulary(tmp_path / "tokenizer.json")
    assert outside("a waltz.") == ()
    assert outside("a wältz in 3 {3}") == ("ä", "3", "{", "}")
