import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.models.classification.melspectrogram import BANDS, FRAME, HOP, RATE, log_mel, mel_filters
from support.essentia_frames import SHORT, WHOLE, reference_signal
from support.signals import Signal, noise, tone


def frames_of(signal: Signal, *cuts: int) -> Signal:
    """The frames of a mono signal that is handed over in pieces."""
    pieces = list(log_mel(np.split(signal, cuts)))
    return np.concatenate(pieces) if pieces else np.empty((0, BANDS), dtype=np.float32)


@pytest.mark.parametrize(
    ("length", "frames", "reference"), [(5000, 21, WHOLE), (300, 3, SHORT)], ids=["whole", "short"]
)
def test_the_frames_are_those_of_essentia(length: int, frames: int, reference: dict[int, list[float]]) -> None:
    ours = frames_of(reference_signal()[:length])
    assert ours.shape == (frames, BANDS)
    assert ours.dtype == np.float32
    for index, expected in reference.items():
        np.testing.assert_allclose(ours[index], expected, atol=1e-4)


@given(st.lists(st.integers(0, 5000), max_size=6), st.integers(1, 5000))
def test_it_does_not_matter_where_the_signal_is_cut(cuts: list[int], length: int) -> None:
    signal = reference_signal()[:length]
    whole = frames_of(signal)
    cut = frames_of(signal, *sorted(min(cut, length) for cut in cuts))
    assert cut.shape == (1 + -(-length // HOP), BANDS)
    np.testing.assert_allclose(cut, whole, atol=1e-6)


def test_a_long_signal_comes_in_small_pieces() -> None:
    pieces = list(log_mel([noise(20, RATE)[0]]))
    assert max(piece.shape[0] for piece in pieces) <= 256
    assert sum(piece.shape[0] for piece in pieces) == 1 + -(-20 * RATE // HOP)


def test_no_signal_has_no_frames_and_silence_is_zero() -> None:
    assert frames_of(np.empty(0, dtype=np.float32)).shape == (0, BANDS)
    assert not frames_of(np.zeros(1000, dtype=np.float32)).any()


def test_a_tone_is_loudest_in_the_band_around_it() -> None:
    edges = np.linspace(0, 15 + 27 * np.log(8) / np.log(6.4), BANDS + 2)
    for frequency in (200.0, 440.0, 1000.0, 3000.0):
        mel = frequency * 15 / 1000 if frequency <= 1000 else 15 + 27 * np.log(frequency / 1000) / np.log(6.4)
        frames = frames_of(tone(1, RATE, frequency)[0])
        assert abs(edges[1 + int(frames[30].argmax())] - mel) <= edges[1]


def test_the_filters_have_equal_area_and_cannot_be_changed() -> None:
    filters = mel_filters()
    assert filters.shape == (BANDS, FRAME // 2 + 1)
    wide = filters[60:].sum(axis=1) * (RATE / FRAME)
    np.testing.assert_allclose(wide, 1.0, rtol=0.02)
    with pytest.raises(ValueError, match="read-only"):
        filters[0, 0] = 1.0
