import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.config.captions import Captions as Settings
from small_dataset_audio.errors import ConfigError, MissingWeights, ModelError
from small_dataset_audio.models.captioning import captioner, wording
from small_dataset_audio.models.captioning.captioner import (
    GGUF,
    Captioner,
    Captions,
    Facts,
    ServerVoice,
    open_captioner,
    weights_of,
)
from small_dataset_audio.models.captioning.chat import Answer
from small_dataset_audio.models.captioning.tokens import TOKENIZER
from small_dataset_audio.models.captioning.wording import Outside, known_to_be_outside
from small_dataset_audio.models.registry import models
from small_dataset_audio.models.store import Store
from support import caption_server
from support.caption_server import serving
from support.signals import noise

CLIP = Clip(noise(1.0, 16000), 16000)


class Said:
    """A voice that says what a test wants, and remembers what it was asked."""

    def __init__(self, reply: Callable[[str], Answer | str], seconds: float = 600.0) -> None:
        self.seconds = seconds
        self.asked: list[tuple[str, int | None, int]] = []
        self.closed = False
        self._reply = reply

    def ask(self, question: str, samples: captioner.Heard | None, max_tokens: int) -> Answer:
        self.asked.append((question, None if samples is None else samples.shape[0], max_tokens))
        answer = self._reply(question)
        return Answer(answer, complete=True) if isinstance(answer, str) else answer

    def close(self) -> None:
        self.closed = True


def described(voice: Said, settings: Settings, clip: Clip = CLIP, facts: Facts | None = None) -> Captions:
    return Captioner(voice, settings, known_to_be_outside).describe(clip, facts or Facts())


def test_every_question_is_asked_and_answered_in_plain_words() -> None:
    voice = Said(lambda _: "**A** “tone”.\n")
    found = described(voice, Settings(max_tokens=99))
    kinds = ["full", "technical", "genre_mood", "instrumentation", "structure"]
    assert found.texts == {f"music_flamingo_{kind}": 'A "tone".' for kind in kinds}
    assert (found.absent, found.warnings, found.contradictions) == ({}, [], {})
    assert [(samples, tokens) for _, samples, tokens in voice.asked] == [(16000, 99)] * 5
    assert len({question for question, _, _ in voice.asked}) == 5


def test_only_what_is_wanted_is_asked_and_shortened_where_that_is_wanted() -> None:
    voice = Said(lambda question: "Short." if question.startswith("Say this") else "A long tone.")
    found = described(voice, Settings(prompts=["structure"], short=True))
    assert found.texts == {"music_flamingo_structure": "A long tone.", "music_flamingo_short_structure": "Short."}
    assert voice.asked[1][0].endswith("A long tone.")
    assert voice.asked[1][1] is None
    voice.asked.clear()
    assert len(described(voice, Settings(short=True)).texts) == 10
    assert [samples is None for _, samples, _ in voice.asked] == [False] * 5 + [True] * 5


def test_no_words_are_no_caption() -> None:
    found = described(Said(lambda _: "<think>hm</think> ... 12"), Settings(prompts=["full"], short=True))
    assert found.texts == {}
    assert found.absent == {"music_flamingo_full": "the model gave no words"}


def test_what_was_cut_off_what_is_unknown_and_what_is_wrong_is_told() -> None:
    voice = Said(lambda _: Answer("It runs < 100 BPM. And th", complete=False))
    facts = Facts(values={"bpm": 140.0, "bpm_is_defined": 1})
    found = described(voice, Settings(prompts=["full"]), facts=facts)
    assert found.texts == {"music_flamingo_full": "It runs < 100 BPM."}
    assert any("max_tokens" in one for one in found.warnings)
    assert any("T5 does not know: <" in one for one in found.warnings)
    assert "140.0" in found.contradictions["music_flamingo_full"][0]
    assert described(voice, Settings(prompts=["full"], evidence=False), facts=facts).contradictions == {}


def test_what_the_model_cannot_hear_is_told() -> None:
    voice = Said(lambda _: "A tone.", seconds=120.0)
    long = Clip(np.zeros((1, 8000 * 150), dtype=np.float32), 8000)
    found = described(voice, Settings(prompts=["full"]), long)
    assert "the first 2 minutes" in found.warnings[0]
    assert voice.asked[0][1] == 120 * 16000


def test_the_settings_say_which_weights() -> None:
    assert weights_of(Settings()) == "music_flamingo_gguf"
    assert weights_of(Settings(quantisation="Q8_0")) == "music_flamingo_gguf_q8_0"
    assert weights_of(Settings(backend="transformers")) == "music_flamingo_hf"
    assert weights_of(Settings(backend="endpoint")) is None
    assert {*GGUF.values(), TOKENIZER, "music_flamingo_hf", "music_flamingo_2601_hf"} <= set(models())


def test_an_endpoint_is_asked_with_the_key_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDA_CAPTIONS_KEY", "secret")
    with serving(lambda _: "A tone.") as (address, asked):
        settings = Settings(
            backend="endpoint", endpoint=f"{address}/", endpoint_model="m", prompts=["full", "structure"]
        )
        opened = open_captioner(settings, Store(tmp_path), "cpu", tmp_path / "log")
        found = opened.describe(CLIP, Facts())
        opened.close()
    assert set(found.texts.values()) == {"A tone."}
    assert asked[0]["headers"]["Authorization"] == "Bearer secret"
    assert asked[0]["model"] == "m"
    assert asked.sound(0)[0].shape == (16000,)


def test_an_endpoint_that_is_lost_or_not_set_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not set"):
        open_captioner(Settings(backend="endpoint"), Store(tmp_path), "cpu", tmp_path / "log")
    opened = open_captioner(
        Settings(backend="endpoint", endpoint="http://127.0.0.1:9/v1"), Store(tmp_path), "cpu", tmp_path / "log"
    )
    with pytest.raises(ModelError, match="not there"):
        opened.describe(CLIP, Facts())


def test_weights_that_are_not_there_are_told(tmp_path: Path) -> None:
    for backend in ("llama-server", "transformers"):
        settings = Settings.model_validate({"backend": backend})
        with pytest.raises(MissingWeights) as caught:
            open_captioner(settings, Store(tmp_path), "cpu", tmp_path / "log")
        assert "sda models pull" in caught.value.fix


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a model for llama-server that is taken for verified."""
    folder = tmp_path / "music_flamingo_gguf"
    folder.mkdir()
    for name in ("model.gguf", "model.mmproj.gguf"):
        (folder / name).write_bytes(b"GGUF")
    monkeypatch.setattr(Store, "require", lambda _self, name: tmp_path / name)
    return folder


def test_a_server_of_our_own_is_started_lost_and_started_again(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_LLAMA", json.dumps({"die": str(tmp_path / "died")}))
    settings = Settings(server=str(caption_server.program(tmp_path)), prompts=["full"], prompt_full="What is it?")
    opened = open_captioner(settings, Store(tmp_path), "cpu", tmp_path / "log")
    found = opened.describe(CLIP, Facts())
    opened.close()
    assert found.texts["music_flamingo_full"].startswith("You asked: What is it?")
    assert str(weights / "model.gguf") in (tmp_path / "log").read_text()


def test_half_a_model_is_refused(tmp_path: Path, weights: Path) -> None:
    (weights / "model.mmproj.gguf").unlink()
    with pytest.raises(ModelError, match="does not hold a model"):
        open_captioner(Settings(), Store(tmp_path), "cpu", tmp_path / "log")


def test_transformers_is_opened_from_the_folder_of_the_weights(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[Path, str]] = []

    class Model(Said):
        def __init__(self, folder: Path, _settings: Settings, device: str) -> None:
            super().__init__(lambda _: "A tone.")
            opened.append((folder, device))

    monkeypatch.setattr(captioner, "NativeModel", Model)
    made = open_captioner(Settings(backend="transformers", model="own"), Store(tmp_path), "cuda:0", tmp_path / "log")
    assert made.describe(CLIP, Facts()).texts
    made.close()
    assert opened == [(tmp_path / "own", "cuda:0")]
    assert weights.exists()


def test_the_vocabulary_is_used_where_it_was_pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "missing", lambda _self, _name: ())
    monkeypatch.setattr(Store, "require", lambda _self, name: tmp_path / name)
    asked: list[Path] = []

    def vocabulary(path: Path) -> Outside:
        asked.append(path)
        return known_to_be_outside

    monkeypatch.setattr(wording, "vocabulary", vocabulary)
    assert captioner._outside(Store(tmp_path)) is known_to_be_outside
    assert asked == [tmp_path / TOKENIZER / "tokenizer.json"]


def test_one_sound_is_encoded_once_for_all_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []

    def encode(samples: captioner.Heard) -> bytes:
        encoded.append(samples.shape[0])
        return b""

    monkeypatch.setattr(captioner, "as_flac", encode)
    voice = ServerVoice(Settings(backend="endpoint", endpoint="http://x/v1"))
    one, other = np.zeros(3, dtype=np.float32), np.zeros(4, dtype=np.float32)
    for samples in (one, one, other):
        voice._sound(samples)
    assert encoded == [3, 4]
