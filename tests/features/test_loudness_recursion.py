"""Filtering in blocks must give what filtering sample by sample gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal as reference

from small_dataset_audio.features.loudness.recursion import BLOCK, BLOCKS, Biquad, BlockRecursion
from small_dataset_audio.features.loudness.weighting import k_weighting
from support.signals import noise, tone

CHUNK = BLOCK * BLOCKS


def in_blocks(x: NDArray[np.float32], sections: tuple[Biquad, ...]) -> NDArray[np.float64]:
    parts = [(start, chunk.astype(np.float64)) for start, chunk in BlockRecursion(sections).chunks(x)]
    assert [start for start, _ in parts] == list(range(0, x.shape[0], CHUNK))
    return np.concatenate([np.empty(0), *(chunk for _, chunk in parts)])


def sample_by_sample(x: NDArray[np.float32], sections: tuple[Biquad, ...]) -> NDArray[np.float64]:
    if not x.shape[0]:
        return np.empty(0)
    sos = np.array([[*b, *a] for b, a in sections])
    return np.asarray(reference.sosfilt(sos, x.astype(np.float64)))


def error_db(x: NDArray[np.float32], sections: tuple[Biquad, ...]) -> float:
    difference = in_blocks(x, sections) - sample_by_sample(x, sections)
    return float(10 * np.log10(np.mean(difference**2) / np.mean(x.astype(np.float64) ** 2)))


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_error_is_at_the_floor_of_single_precision(rate: int) -> None:
    assert error_db(noise(3.0, 44100)[0], k_weighting(rate)) < -140


@pytest.mark.parametrize(("rate", "floor"), [(8000, -135), (44100, -130), (192000, -125)])
def test_a_large_offset_does_not_drown_what_lies_on_it(rate: int, floor: float) -> None:
    x = (1.0 + noise(3.0, 44100, rms=0.001)[0]).astype(np.float32)
    assert error_db(x, k_weighting(rate)) < floor


@pytest.mark.parametrize("length", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 5])
def test_every_length_comes_out_whole(length: int) -> None:
    x = noise(4.0, 44100)[0, :length]
    y = in_blocks(x, k_weighting(44100))
    assert y.shape == (length,)
    np.testing.assert_allclose(y, sample_by_sample(x, k_weighting(44100)), atol=1e-6)


def test_the_state_crosses_from_chunk_to_chunk() -> None:
    # 10 Hz is in the high-pass's skirt: a state lost at a chunk's edge would be a click there.
    x = tone(4.0, 44100, 10.0)[0]
    y, wanted = in_blocks(x, k_weighting(44100)), sample_by_sample(x, k_weighting(44100))
    assert np.abs(y - wanted)[CHUNK - 100 : CHUNK + 5000].max() < 1e-6


def test_silence_after_sound_ends_in_exact_zeros() -> None:
    x = np.zeros(6 * CHUNK, dtype=np.float32)
    x[:1000] = 1.0
    y = in_blocks(x, k_weighting(44100))
    assert not y[5 * CHUNK :].any()
    assert np.isfinite(y).all()


def test_denormal_samples_stay_finite_and_tiny() -> None:
    x = np.full(CHUNK + 7, 1e-42, dtype=np.float32)
    y = in_blocks(x, k_weighting(48000))
    assert np.isfinite(y).all()
    assert np.abs(y).max() < 1e-40


def test_a_strided_channel_is_read_as_it_is() -> None:
    interleaved = np.ascontiguousarray(noise(2.0, 44100, channels=2).T)
    y = in_blocks(interleaved[:, 1], k_weighting(44100))
    np.testing.assert_allclose(y, in_blocks(interleaved[:, 1].copy(), k_weighting(44100)), atol=0)


@settings(max_examples=40, deadline=None)
@given(
    radius=st.floats(0.05, 0.9),
    angle=st.floats(0.05, 3.0),
    b=st.tuples(*[st.floats(-2.0, 2.0)] * 3).filter(lambda b: max(map(abs, b)) > 0.1),
    length=st.integers(1, 1000),
)
def test_any_stable_biquad_is_run_rightly(
    radius: float, angle: float, b: tuple[float, float, float], length: int
) -> None:
    section = Biquad(b, (1.0, -2 * radius * np.cos(angle), radius**2))
    x = noise(1.0, 1000, seed=length)[0, :length]
    np.testing.assert_allclose(in_blocks(x, (section,)), sample_by_sample(x, (section,)), atol=2e-4)
