import numpy as np
import pytest

from small_dataset_audio.dataset.heard.fingerprint import (
    BANDS,
    BANDS_PER_SEMITONE,
    FRAMES_PER_SECOND,
    Fingerprint,
    fingerprint,
)
from small_dataset_audio.dataset.similar.alignment import PATCH, SHORTEST, TOGETHER, align, centred
from small_dataset_audio.dataset.similar.comparison import compared
from support.similar_pieces import RATE, melody


def heard(seed: int, seconds: float = 28.0, *, semitones: float = 0.0, faster: float = 1.0) -> Fingerprint:
    return fingerprint(melody(seed, seconds, semitones=semitones, faster=faster), RATE)


def test_a_part_lies_where_it_was_taken_from() -> None:
    whole = heard(1)
    found = align(whole[37 : 37 + 80], whole, (0,))
    assert found is not None
    assert found.seed == pytest.approx(1.0, abs=1e-5)
    assert found.slope == pytest.approx(1.0, abs=1e-3)
    assert found.bands == 0
    close = compared(whole[37 : 37 + 80], whole, found)
    assert close.alignment.offset == pytest.approx(37, abs=0.1)
    assert close.score == pytest.approx(1.0, abs=1e-5)
    assert close.share_a == 1.0
    assert close.share_b == pytest.approx(80 / len(whole), abs=1e-3)


@pytest.mark.parametrize(("semitones", "faster"), [(1, 1.0), (-1, 1.0), (0, 1.03), (0, 0.97), (1, 1.03), (0.5, 1.03)])
def test_pitch_and_tempo_are_measured(semitones: float, faster: float) -> None:
    a, b = heard(2), heard(2, semitones=semitones, faster=faster)
    found = align(a, b, range(-3, 4))
    assert found is not None
    close = compared(a, b, found)
    assert close.score > 0.85
    assert close.share_a > 0.85
    assert 1 / close.alignment.slope == pytest.approx(faster, abs=0.006)
    assert close.alignment.bands == pytest.approx(semitones * BANDS_PER_SEMITONE, abs=0.3)


@pytest.mark.parametrize("seed", range(4))
def test_other_notes_of_the_same_key_and_tempo_do_not_agree(seed: int) -> None:
    a, b = heard(10 + seed), heard(20 + seed)
    found = align(a, b, range(-2, 3))
    assert found is not None
    assert found.patches == TOGETHER
    assert found.seed < 0.4
    assert compared(a, b, found).score < 0.6


def test_what_is_too_short_is_not_aligned() -> None:
    whole = heard(1, 10)
    assert align(whole[: SHORTEST - 1], whole, (0,)) is None
    short = align(whole[: PATCH // 2 + 1], whole, (0,))
    assert short is not None
    assert short.patches == 1


def test_a_held_chord_holds_nothing_to_be_recognised() -> None:
    flat = np.full((20 * FRAMES_PER_SECOND, BANDS), 200, dtype=np.uint8)
    found = align(flat, flat, (0,))
    assert found is not None
    assert found.seed == 0
    assert compared(flat, flat, found).score == 0
    assert not centred(np.full((1, 4, 3), 7, dtype=np.float32)).any()


def test_centred_patches_have_no_means_and_unit_length() -> None:
    patches = centred(np.random.default_rng(0).normal(0, 50, (3, 40, 20)).astype(np.float32))
    assert np.abs(patches.mean(axis=1)).max() < 1e-6
    assert np.abs(patches.mean(axis=2)).max() < 1e-6
    assert np.square(patches).sum(axis=(1, 2)) == pytest.approx(1.0, rel=1e-5)
