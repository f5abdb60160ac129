import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from small_dataset_audio.models.transcription.peaks import ADTOF, Picking, pick

CURVES = arrays(np.float32, st.integers(0, 60), elements=st.floats(0, 1, width=32))


def test_a_lone_peak_is_found_where_it_is() -> None:
    curve = np.zeros(40, dtype=np.float32)
    curve[[0, 17, 39]] = 0.9
    assert pick(curve, 0.3, ADTOF).tolist() == [0, 17, 39]


def test_a_peak_must_exceed_the_moving_mean_by_the_threshold() -> None:
    curve = np.full(60, 0.5, dtype=np.float32)
    curve[30] = 0.75
    # Mean of ten frames before, its own and one after: (11 * 0.5 + 0.75) / 12.
    excess = 0.75 - (11 * 0.5 + 0.75) / 12
    assert 30 in pick(curve, excess - 1e-4, ADTOF)
    assert 30 not in pick(curve, excess + 1e-4, ADTOF)
    assert 30 in pick(curve, excess + 0.1, Picking(10, 1, 2, 1, 2, mean_share=0.5))


def test_of_peaks_close_together_the_first_counts() -> None:
    curve = np.zeros(20, dtype=np.float32)
    curve[[5, 7]] = 0.8
    assert pick(curve, 0.2, Picking(10, 1, 1, 1, apart=2)).tolist() == [5]
    assert pick(curve, 0.2, Picking(10, 1, 1, 1, apart=1)).tolist() == [5, 7]


@given(CURVES, st.floats(0.01, 1))
def test_peaks_ascend_and_reach_the_threshold(curve: np.ndarray, threshold: float) -> None:
    frames = pick(curve, threshold, ADTOF)
    assert (np.diff(frames) > ADTOF.apart).all()
    assert (curve[frames] >= np.float32(threshold)).all()
