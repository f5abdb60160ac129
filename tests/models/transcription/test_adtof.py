from pathlib import Path
from typing import Any

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.errors import MissingWeights, ModelError
from small_dataset_audio.hardware import oom
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.store import Store
from small_dataset_audio.models.transcription import adtof
from small_dataset_audio.models.transcription.adtof import Adtof, open_adtof, windows
from small_dataset_audio.models.transcription.frames import blocks
from support.drum_models import ADTOF_FILE, HEARD_HZ, adtof_store, as_published, beeps, file_of, hand_made_adtof
from support.signals import noise
from support.tiny_models import tiny_store

STRUCK = {"kick": [0.5, 1.5, 2.5], "snare": [1.0, 2.0], "tom": [2.2], "hat": [0.25, 0.75, 1.25, 1.75], "cymbal": [0.1]}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return adtof_store(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def listen(store: Store) -> Adtof:
    return open_adtof(store)


def opened(folder: Path, content: object) -> Adtof:
    return open_adtof(tiny_store(folder, {adtof.MODEL: {ADTOF_FILE: file_of(content)}}))


def test_each_drum_is_heard_when_it_is_struck(listen: Adtof) -> None:
    heard = listen(Clip(beeps(STRUCK, 3.0), 44100))
    assert list(heard.strokes) == list(STRUCK)
    for drum, times in STRUCK.items():
        # The beeps are loudest in their middle, 25 ms after they begin.
        assert heard.strokes[drum].times == pytest.approx(np.array(times) + 0.025, abs=0.011), drum
        assert (heard.strokes[drum].velocities == 120).all()


def test_the_same_bits_twice_and_at_any_rate_the_same_strokes(listen: Adtof) -> None:
    clip = Clip(beeps(STRUCK, 3.0) + noise(3.0, rms=0.003), 44100)
    first, second = (listen.activations(blocks(clip), 301) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    low = listen(Clip(beeps({"kick": [0.5, 1.5]}, 2.0, rate=22050), 22050))
    assert low.strokes["kick"].times == pytest.approx([0.525, 1.525], abs=0.011)


def test_nothing_is_heard_in_silence(listen: Adtof) -> None:
    assert listen(Clip(np.zeros((2, 44100), dtype=np.float32), 44100)).count == 0


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("aliases", [True, False])
def test_every_form_of_the_checkpoint_is_understood(tmp_path: Path, *, wrapped: bool, aliases: bool) -> None:
    state = as_published(hand_made_adtof()) if aliases else hand_made_adtof()
    if aliases:  # only under their second names
        state = {name: one for name, one in state.items() if "_l0" not in name and "num_batches" not in name}
    content: dict[str, Any] = {"model_weights": state, "model_info": {"n_bins": 84}} if wrapped else state
    heard = opened(tmp_path, content)(Clip(beeps({"snare": [0.5]}, 1.0), 44100))
    assert heard.strokes["snare"].times.size == 1


def test_the_network_is_the_published_architecture() -> None:
    state = hand_made_adtof()
    count = sum(one.numel() for name, one in state.items() if not name.endswith("num_batches_tracked"))
    # 8 bytes each: with the names and folders of the container, the 3,617,805 bytes of the published file.
    assert count == 450_125
    assert state["gru_layers.0.weight_ih_l0"].shape == (180, 640)
    assert len(HEARD_HZ) == 5


def test_a_wrong_checkpoint_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    torch = import_torch()
    state = hand_made_adtof()
    del state["output_layer.bias"]
    state["another.weight"] = torch.zeros(3)
    state["cnn_blocks.0.0.bias"] = torch.zeros(31)
    state["cnn_blocks.0.3.bias"][2] = torch.nan
    with pytest.raises(ModelError) as refused:
        opened(tmp_path, state)
    for part in (
        "missing: output_layer.bias",
        "not known here: another.weight",
        "cnn_blocks.0.0.bias has the shape (31,) instead of (32,)",
        "cnn_blocks.0.3.bias holds values that are no numbers",
    ):
        assert part in refused.value.why


def test_names_are_listed_up_to_a_point(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="and 46 more"):
        opened(tmp_path, {f"layer.{number}": import_torch().zeros(1) for number in range(50)})


def test_two_names_of_one_tensor_must_agree(tmp_path: Path) -> None:
    state = as_published(hand_made_adtof())
    state["gru_layers.1.bw.bias_hh"] = state["gru_layers.1.bw.bias_hh"] + 1
    with pytest.raises(ModelError, match=r"gru_layers.1.bw.bias_hh and gru_layers.1.bias_hh_l0_reverse"):
        opened(tmp_path, state)


def test_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing"):
        opened(tmp_path, {"model_weights": "nothing"})


def test_without_weights_the_error_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights) as missing:
        open_adtof(Store(tmp_path))
    assert "sda models pull adtof_frame_rnn" in missing.value.fix


@pytest.mark.parametrize(
    ("total", "longest", "context"), [(1, 10, 2), (10, 10, 2), (11, 10, 2), (57, 10, 3), (60, 30, 0)]
)
@pytest.mark.parametrize("block", [1, 4, 100])
def test_windows_count_every_frame_once(total: int, longest: int, context: int, block: int) -> None:
    whole = np.arange(total, dtype=np.float32)[:, np.newaxis]
    made = list(windows((whole[at : at + block] for at in range(0, total, block)), total, longest, context))
    assert (
        np.concatenate([read[inside : inside + count] for read, inside, count in made])[:, 0].tolist()
        == whole[:, 0].tolist()
    )
    for read, inside, count in made:
        assert read.shape[0] <= longest
        assert inside in {0, context}
        assert (np.diff(read[:, 0]) == 1).all()
        assert read[-1, 0] == total - 1 or read.shape[0] >= inside + count + context


def test_a_long_recording_in_windows_is_the_same_to_the_sixth_decimal(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = import_torch()
    from small_dataset_audio.models.transcription.network import FrameRnn

    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = FrameRnn().eval().requires_grad_(False)
    listen = Adtof(network, "cpu")
    clip = Clip(noise(6.0), 44100)
    monkeypatch.setattr(adtof, "_CONVOLVED_TOGETHER", 170)
    whole = listen.activations(blocks(clip, 100), 601)
    parts = np.concatenate(
        [
            listen._hear(read)[inside : inside + count]
            for read, inside, count in windows(blocks(clip, 100), 601, 350, 100)
        ]
    )
    assert parts == pytest.approx(whole, abs=1e-6)
    with torch.inference_mode():
        at_once = network(torch.from_numpy(np.concatenate(list(blocks(clip))))).numpy()
    assert whole == pytest.approx(at_once, abs=1e-6)


def test_the_recurrent_layers_are_those_of_the_equations(tmp_path: Path) -> None:
    torch = import_torch()
    from small_dataset_audio.models.transcription.network import FrameRnn

    with torch.random.fork_rng():
        torch.manual_seed(1)
        layer = FrameRnn().gru_layers[2]
        x = torch.randn(1, 6, 120)
    h = torch.zeros(60)
    with torch.no_grad():
        answer, _ = layer(x)
        for step in range(6):
            inputs = layer.weight_ih_l0 @ x[0, step] + layer.bias_ih_l0
            memory = layer.weight_hh_l0 @ h + layer.bias_hh_l0
            reset, update = torch.sigmoid(inputs[:120] + memory[:120]).split(60)
            h = (1 - update) * torch.tanh(inputs[120:] + reset * memory[120:]) + update * h
            assert answer[0, step, :60].numpy() == pytest.approx(h.numpy(), abs=1e-6)


def test_pooling_leaves_out_what_lies_beyond_the_last_band() -> None:
    torch = import_torch()
    from small_dataset_audio.models.transcription.network import FrameRnn

    [*_, pool] = FrameRnn().cnn_blocks[1].children()
    below = torch.full((1, 1, 1, 28), -5.0)
    assert pool(below).shape[-1] == 10
    assert (pool(below) == -5.0).all()


def test_answers_that_are_no_numbers_are_an_error(listen: Adtof, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Adtof, "_hear", lambda _self, window: np.full((window.shape[0], 5), np.nan, dtype=np.float32))
    with pytest.raises(ModelError, match="not numbers"):
        listen(Clip(noise(0.5), 44100))


def test_running_out_of_memory_is_told_with_a_remedy(listen: Adtof, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: Adtof, _window: np.ndarray) -> np.ndarray:
        raise MemoryError("out of memory")

    monkeypatch.setattr(Adtof, "_hear", fail)
    with pytest.raises(oom.OutOfMemory, match="hearing drums"):
        listen(Clip(noise(0.5), 44100))
