from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.models.classification.melspectrogram import BANDS, Frames
from small_dataset_audio.models.classification.patches import PATCH, PATCH_HOP, patches


def numbered(count: int) -> Frames:
    """Frames that hold their own number."""
    return np.repeat(np.arange(count, dtype=np.float32)[:, np.newaxis], BANDS, axis=1)


def firsts(frames: Frames, cuts: Sequence[int] = ()) -> list[int]:
    return [int(patch[0, 0]) for patch in patches(np.split(frames, cuts))]


@given(st.integers(PATCH, 1000), st.lists(st.integers(0, 1000), max_size=5))
def test_patches_begin_every_62_frames_wherever_the_frames_are_cut(count: int, cuts: list[int]) -> None:
    starts = firsts(numbered(count), sorted(min(cut, count) for cut in cuts))
    assert starts == list(range(0, count - PATCH + 1, PATCH_HOP))
    assert len(starts) == (count - PATCH) // PATCH_HOP + 1


def test_a_patch_holds_128_frames_in_a_row() -> None:
    for patch in patches([numbered(300)]):
        assert patch.shape == (PATCH, BANDS)
        assert (np.diff(patch[:, 5]) == 1).all()


@given(st.integers(1, PATCH - 1))
def test_too_few_frames_are_repeated(count: int) -> None:
    [patch] = patches([numbered(count)])
    assert patch[:, 0].tolist() == [index % count for index in range(PATCH)]


def test_no_frames_make_no_patch() -> None:
    assert list(patches([])) == []
    assert list(patches([numbered(0)])) == []
