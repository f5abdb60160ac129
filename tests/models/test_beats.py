import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.spool import Spool
from small_dataset_audio.errors import EnvironmentFault, MissingWeights, ModelError
from small_dataset_audio.hardware import oom
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models import beats
from small_dataset_audio.models.beats import CHUNK, HOP, RATE, BeatThis, chosen, obstacle, open_beats
from small_dataset_audio.models.store import Store
from support.drum_models import TINY_BEATS, beats_file, beats_store, file_of
from support.rhythm_pieces import ROCK, beat_times, drums
from support.signals import noise


@pytest.fixture(scope="module", autouse=True)
def _offline_on_one_thread() -> Iterator[None]:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("nothing here may use the network")

    torch = import_torch()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return beats_store(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def listen(store: Store) -> BeatThis:
    return open_beats("beat_this", store)


@pytest.mark.parametrize("seconds", [0.5, 31.0])
def test_the_answers_are_those_of_the_authors_program(listen: BeatThis, store: Store, seconds: float) -> None:
    from beat_this.inference import Audio2Beats, Audio2Frames

    samples = noise(seconds, RATE, channels=2)
    path = str(store.path("beat_this", "tiny.ckpt"))
    theirs = Audio2Frames(path, "cpu")
    assert listen.spectrogram(samples).numpy().tobytes() == theirs.signal2spect(samples.T, RATE).numpy().tobytes()
    for ours, reference in zip(listen.logits(samples), theirs(samples.T, RATE), strict=True):
        assert ours.shape == reference.shape == (1 + samples.shape[1] // HOP,)
        assert ours.numpy() == pytest.approx(reference.numpy(), abs=1e-5)
    found = listen(Clip(samples, RATE))
    reference_beats, reference_downbeats = Audio2Beats(path, "cpu")(samples.T, RATE)
    assert found.beats == pytest.approx(reference_beats)
    assert found.downbeats == pytest.approx(reference_downbeats)


def test_beats_ascend_and_downbeats_are_among_them(listen: BeatThis) -> None:
    piece = drums(ROCK, beat_times(16, 110), rate=44100)
    found = listen(Clip(piece.samples, 44100))
    assert found.beats.size > 2
    assert (np.diff(found.beats) > 0).all()
    assert set(found.downbeats) <= set(found.beats)
    assert found.beats[0] >= 0
    assert found.beats[-1] <= piece.samples.shape[1] / 44100


def test_the_same_bits_twice(listen: BeatThis) -> None:
    samples = noise(4.0, RATE)
    (first, _), (second, _) = listen.logits(samples), listen.logits(samples)
    assert first.numpy().tobytes() == second.numpy().tobytes()


def test_the_spectrogram_of_a_long_recording_is_made_in_pieces(
    listen: BeatThis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = noise(3.0, RATE, channels=2)
    whole = listen.spectrogram(samples).numpy()
    spool = Spool(2, samples.shape[1], tmp_path)
    spool.append(samples)
    for together in (1, 7, 50, 149, 150, 151):
        monkeypatch.setattr(beats, "_SPECTRA_TOGETHER", together)
        assert listen.spectrogram(spool.finish() if together == 1 else samples).numpy() == pytest.approx(
            whole, abs=1e-6
        )


def test_what_is_shorter_than_a_frame_has_no_beats(listen: BeatThis) -> None:
    found = listen(Clip(noise(0.02, RATE), RATE))
    assert found.beats.size == found.downbeats.size == 0


def test_a_recording_of_exactly_one_chunk(listen: BeatThis) -> None:
    for frames in (CHUNK - 12, CHUNK - 11, CHUNK):
        beat, _ = listen.logits(noise((frames - 1) * HOP / RATE, RATE))
        assert beat.shape == (frames,)


def test_without_weights_the_embedded_tracker_is_chosen_and_nothing_is_fetched(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert chosen("auto", store) == "dsp"
    assert obstacle("dsp", store) is None
    for tracker in beats.TRACKERS:
        with pytest.raises(MissingWeights) as missing:
            open_beats(tracker, store)
        assert f"sda models pull {tracker}" in missing.value.fix
    assert list(tmp_path.iterdir()) == []


def test_what_is_installed_is_chosen(store: Store, tmp_path: Path) -> None:
    assert chosen("auto", store) == "beat_this"
    assert chosen("dsp", store) == "dsp"
    small = beats_store(tmp_path, "beat_this_small")
    assert chosen("auto", small) == "beat_this_small"
    assert chosen("beat_this", small) == "beat_this"


def test_a_missing_extra_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beats, "find_spec", lambda _name: None)
    reason = obstacle("beat_this", store)
    assert isinstance(reason, EnvironmentFault)
    assert "--extra beats" in reason.fix
    assert chosen("auto", store) == "dsp"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: file_of({"state_dict": {}}), "hyper_parameters"),
        (lambda: beats_file(state_dict=3), "hyper_parameters"),
        (lambda: beats_file(state_dict={}), "missing"),
        (lambda: beats_file(hyper_parameters={**TINY_BEATS, "transformer_dim": 32}), "of another shape"),
        (lambda: beats_file(hyper_parameters={**TINY_BEATS, "head_dim": 7}), "does not hold together"),
        (lambda: beats_file(optimizer_states=[Path("a")]), "hold more than numbers"),
        (lambda: b"PK\x03\x04 half a download", "neither safetensors nor|damaged"),
    ],
)
def test_a_wrong_checkpoint_is_refused(tmp_path: Path, content: object, said: str) -> None:
    assert callable(content)
    with pytest.raises(ModelError) as refused:
        open_beats("beat_this", beats_store(tmp_path, content=content()))
    assert any(part in str(refused.value) for part in said.split("|"))


def test_answers_that_are_no_numbers_are_an_error(listen: BeatThis, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = import_torch()

    def overflow(chunk: object) -> dict[str, object]:
        return {name: torch.full(chunk.shape[:2], torch.nan) for name in ("beat", "downbeat")}  # type: ignore[attr-defined]

    monkeypatch.setattr(listen, "_network", overflow)
    with pytest.raises(ModelError, match="not numbers"):
        listen(Clip(noise(1.0, RATE), RATE))


def test_running_out_of_memory_is_told_with_a_remedy(listen: BeatThis, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_chunk: object) -> dict[str, object]:
        raise MemoryError("out of memory")

    monkeypatch.setattr(listen, "_network", fail)
    with pytest.raises(oom.OutOfMemory, match="finding beats"):
        listen(Clip(noise(1.0, RATE), RATE))
