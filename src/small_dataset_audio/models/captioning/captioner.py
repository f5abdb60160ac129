"""The captions of a track: every question asked of whatever the settings name, and the answers made fit for training."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.config.captions import Captions as Settings
from small_dataset_audio.errors import ConfigError, ModelError
from small_dataset_audio.models.captioning import wording
from small_dataset_audio.models.captioning.chat import Answer, Chat, ServerLost, Sound
from small_dataset_audio.models.captioning.evidence import contradictions
from small_dataset_audio.models.captioning.listening import RATE, as_flac, start_of
from small_dataset_audio.models.captioning.native import NativeModel
from small_dataset_audio.models.captioning.prompts import KEY, SHORT_KEY, SHORTEN, question
from small_dataset_audio.models.captioning.server import Launch, LlamaServer
from small_dataset_audio.models.captioning.tokens import FILE, TOKENIZER
from small_dataset_audio.models.store import Store

GGUF: Final[Mapping[str, str]] = {
    "Q4_K_M": "music_flamingo_gguf",
    "Q8_0": "music_flamingo_gguf_q8_0",
    "Q6_K": "music_flamingo_gguf_q6_k",
    "IQ3_M": "music_flamingo_gguf_iq3_m",
}
"""Quantisation -> the registry's name of the weights for llama-server."""
KEY_VARIABLE: Final = "SDA_CAPTIONS_KEY"
_PROJECTOR: Final = "mmproj"
_SERVER_SECONDS: Final = 599.9
"""How much of a recording the model behind a server is given: what Music Flamingo for llama.cpp can hear, ten minutes, less a
moment, for llama.cpp adds a window of silence to a sound that fills its last window of 30 s."""
_SHORT_TOKENS: Final = 96
_FEWEST_LETTERS: Final = 3

Heard = NDArray[np.float32]


@dataclass(frozen=True)
class Facts:
    """What is known of a track when it is described.

    Attributes:
        genres: the likeliest, the likeliest first.
        metadata: what its tags say.
        values: what was measured, for the evidence.
    """

    genres: Sequence[str] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Captions:
    """What was said of a track.

    Attributes:
        texts: name in ``.INFO`` -> caption.
        absent: name -> why there is none.
        contradictions: name -> what measurements contradict.
        warnings: sentences for the user.
    """

    texts: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    contradictions: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class Voice(Protocol):
    """What answers questions about a sound."""

    seconds: float

    def ask(self, question: str, samples: Heard | None, max_tokens: int) -> Answer:
        """Return the answer to ``question`` about ``samples`` at 16 kHz, if there are any."""

    def close(self) -> None:
        """Let go of what it holds."""


class ServerVoice:
    """A server as a voice; a llama-server of our own is started again once when it goes away.

    Attributes:
        seconds: how much of a recording it is given.
    """

    seconds = _SERVER_SECONDS

    def __init__(self, settings: Settings, server: LlamaServer | None = None) -> None:
        self._settings = settings
        self._server = server
        self._encoded: tuple[Heard, Sound] | None = None

    def ask(self, question: str, samples: Heard | None, max_tokens: int) -> Answer:
        """Return the answer.

        Raises:
            ModelError: there is none to be had.
        """
        sound = None if samples is None else self._sound(samples)
        try:
            return self._chat().ask(question, sound, max_tokens)
        except ServerLost as lost:
            if self._server is None:
                raise
            self._server.restart(lost)
            return self._chat().ask(question, sound, max_tokens)

    def close(self) -> None:
        """End the server, if it is our own."""
        if self._server is not None:
            self._server.close()

    def _chat(self) -> Chat:
        own = self._server is not None
        return Chat(
            address=self._server.address if self._server is not None else self._settings.endpoint.rstrip("/"),
            model="" if own else self._settings.endpoint_model,
            key=self._server.key if self._server is not None else os.environ.get(KEY_VARIABLE, ""),
            patience=self._settings.patience,
            temperature=self._settings.temperature,
            direct=own,
        )

    def _sound(self, samples: Heard) -> Sound:
        """Return ``samples`` as a file, made once for all questions about them."""
        if self._encoded is None or self._encoded[0] is not samples:
            self._encoded = (samples, Sound(as_flac(samples)))
        return self._encoded[1]


class Captioner:
    """Describes recordings.

    Args:
        voice: what answers.
        settings: what to ask.
        outside: tells the characters that the text encoder does not know.
    """

    def __init__(self, voice: Voice, settings: Settings, outside: wording.Outside) -> None:
        self._voice = voice
        self._settings = settings
        self._outside = outside

    def describe(self, clip: Clip, facts: Facts) -> Captions:
        """Return the captions of ``clip``.

        Raises:
            ModelError: the model cannot be asked.
            OutOfMemory: the device has not enough memory.
        """
        found = Captions()
        samples = start_of(clip, self._voice.seconds)
        if clip.seconds > samples.shape[0] / RATE + 1.0:
            found.warnings.append(
                f"The captions describe the first {samples.shape[0] / RATE / 60:.0f} minutes: the model hears no more at once."
            )
        for kind in self._settings.prompts:
            answer = self._voice.ask(
                question(kind, self._settings, facts.genres, facts.metadata), samples, self._settings.max_tokens
            )
            self._take(found, KEY + kind, answer, facts)
        if self._settings.short:
            self._shorten(found, facts)
        return found

    def _shorten(self, found: Captions, facts: Facts) -> None:
        """Have the captions shortened: after all questions about the sound, which a server keeps in mind only until another."""
        for kind in self._settings.prompts:
            if text := found.texts.get(KEY + kind):
                self._take(found, SHORT_KEY + kind, self._voice.ask(SHORTEN + text, None, _SHORT_TOKENS), facts)

    def close(self) -> None:
        """Let go of the model."""
        self._voice.close()

    def _take(self, found: Captions, name: str, answer: Answer, facts: Facts) -> None:
        """Note an answer as a caption, or why it is none."""
        text = wording.plain(answer.text)
        if not answer.complete:
            text = wording.whole_sentences(text)
            found.warnings.append(f"{name} reached captions.max_tokens and ends with its last whole sentence.")
        if sum(one.isalpha() for one in text) < _FEWEST_LETTERS:
            found.absent[name] = "the model gave no words"
            return
        found.texts[name] = text
        if strange := self._outside(text):
            found.warnings.append(f"{name} holds characters that T5 does not know: {' '.join(strange)}")
        if self._settings.evidence and (wrong := contradictions(text, facts.values)):
            found.contradictions[name] = wrong


def weights_of(settings: Settings) -> str | None:
    """Return the registry's name of the weights that the settings ask for; None for an endpoint."""
    return {"llama-server": GGUF[settings.quantisation], "transformers": settings.model}.get(settings.backend)


def open_captioner(settings: Settings, store: Store, device: str, log: Path) -> Captioner:
    """Return what describes recordings, with its model loaded or its server started.

    Args:
        settings: which backend, and what to ask.
        store: where weights lie.
        device: for the model.
        log: where a llama-server of ours writes.

    Raises:
        ConfigError: the endpoint is not set.
        MissingWeights: the weights are not there.
        EnvironmentFault: a program or package is missing.
        ModelError: the model or server does not work.
    """
    voice: Voice
    if settings.backend == "endpoint":
        require_endpoint(settings)
        voice = ServerVoice(settings)
    elif settings.backend == "transformers":
        voice = NativeModel(store.require(settings.model), settings, device)
    else:
        folder = store.require(GGUF[settings.quantisation])
        voice = ServerVoice(settings, LlamaServer(_launch(settings, folder, device, log)))
    return Captioner(voice, settings, _outside(store))


def require_endpoint(settings: Settings) -> None:
    """Raise unless the address of the endpoint is set.

    Raises:
        ConfigError: it is not.
    """
    if not settings.endpoint:
        raise ConfigError(
            "captions.endpoint is not set.",
            "The backend endpoint asks a server of yours, and sda does not know where it is.",
            "Set it: `sda config set captions.endpoint http://localhost:8080/v1`, or choose another captions.backend.",
        )


def _launch(settings: Settings, folder: Path, device: str, log: Path) -> Launch:
    files = sorted(folder.glob("*.gguf"))
    projectors = [file for file in files if _PROJECTOR in file.name]
    models = [file for file in files if _PROJECTOR not in file.name]
    if not projectors or not models:
        raise ModelError(
            f"{folder} does not hold a model that llama-server can hear with.",
            "It takes two GGUF files: the language model, and the projector, with mmproj in its name.",
            f"Run `sda models pull {folder.name}`.",
        )
    return Launch(settings.server, models[0], projectors[0], log, device, answer_tokens=settings.max_tokens)


def _outside(store: Store) -> wording.Outside:
    """Return what tells unknown characters: the tokenizer itself where it was pulled, else what is known of it."""
    if store.missing(TOKENIZER):
        return wording.known_to_be_outside
    return wording.vocabulary(store.require(TOKENIZER) / FILE)
