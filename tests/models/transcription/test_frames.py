from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.spool import Spool, folder_of
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.transcription import frames
from support.signals import noise, silence, tone


def spectrogram(clip: Clip, size: int = frames.BLOCK_FRAMES) -> frames.Bands:
    return np.concatenate(list(frames.blocks(clip, size)))


def test_the_filterbank_has_84_bands_that_each_add_up_to_one() -> None:
    weights = frames.filterbank()
    assert weights.shape == (frames.FRAME // 2, 84)
    assert weights.sum(axis=0) == pytest.approx(1.0, abs=1e-6)
    assert (weights >= 0).all()
    middle = frames.centres()
    assert (np.diff(middle) > 0).all()
    assert middle[-1] == pytest.approx(20 * 2 ** (118 / 12), rel=1e-3)  # the last whole twelfth under 20 kHz ends it
    assert np.diff(np.log2(middle[40:])) == pytest.approx(1 / 12, abs=0.02)


def test_a_tone_in_the_middle_of_a_band_has_the_level_that_follows_from_the_window() -> None:
    band = 60
    frequency = float(frames.centres()[band])
    amplitude = 0.25
    made = spectrogram(Clip(tone(0.5, frequency=frequency, peak=amplitude), 44100))[25]
    # Of the three bins that the window's main lobe reaches, the outer ones have half the height of the middle one.
    window = np.hanning(frames.FRAME)
    bins = np.rint(frequency * frames.FRAME / frames.RATE).astype(int) + np.arange(-1, 2)
    lobe = amplitude * window.sum() / 2 * np.array([0.5, 1.0, 0.5])
    expected = np.log10(1 + lobe @ frames.filterbank()[bins, band])
    assert made[band] == pytest.approx(expected, rel=2e-3)
    assert made.argmax() == band


def test_it_is_the_centred_transform_with_zeros_beyond_the_ends() -> None:
    torch = import_torch()
    clip = Clip(noise(0.6), 44100)
    window = torch.from_numpy(np.hanning(frames.FRAME).astype(np.float32))
    whole = torch.stft(
        torch.from_numpy(clip.samples[0]), frames.FRAME, frames.HOP, window=window, center=True, pad_mode="constant",
        return_complex=True,
    ).abs().numpy()[: frames.FRAME // 2].T  # fmt: skip
    made = spectrogram(clip)
    assert made.shape == (frames.frame_count(clip.samples.shape[1]), 84)
    assert made == pytest.approx(np.log10(1 + whole @ frames.filterbank()), abs=1e-4)


@pytest.mark.parametrize("size", [1, 7, 60, 1000])
def test_blocks_do_not_change_it(size: int) -> None:
    clip = Clip(noise(0.5, channels=2), 44100)
    assert spectrogram(clip, size) == pytest.approx(spectrogram(clip), abs=1e-6)
    assert np.array_equal(spectrogram(clip, size), spectrogram(clip, size))


def test_a_recording_on_disk_and_one_at_another_rate(tmp_path: Path) -> None:
    low = noise(0.5, rate=22050, channels=2)
    spool = Spool(2, low.shape[1], tmp_path)
    spool.append(low)
    on_disk = Clip(spool.finish(), 22050)
    assert folder_of(frames.at_rate(on_disk)) == tmp_path
    assert spectrogram(on_disk) == pytest.approx(spectrogram(Clip(low, 22050)), abs=1e-5)
    assert frames.at_rate(Clip(low, 22050)).shape == (1, 22050)


def test_the_shortest_and_the_silent() -> None:
    assert spectrogram(Clip(noise(1 / 44100), 44100)).shape == (1, 84)
    assert not spectrogram(Clip(silence(0.1), 44100)).any()
