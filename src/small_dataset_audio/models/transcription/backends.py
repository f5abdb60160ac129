"""The ways of hearing drums by name, which of them can be used here, and opening one."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Final, Literal

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.errors import EnvironmentFault, MissingWeights, SdaError
from small_dataset_audio.models.store import Store
from small_dataset_audio.models.transcription import adtof, drumsep, dsp
from small_dataset_audio.models.transcription.hits import Transcription

Backend = Literal["adtof", "drumsep", "dsp"]
Listener = Callable[[Clip], Transcription]
"""A backend, opened."""

MODELS: Final[dict[Backend, str]] = {"adtof": adtof.MODEL, "drumsep": drumsep.MODEL}
"""Backend -> its model in the registry; the embedded one has none."""


def chosen(wanted: Backend | Literal["auto"], store: Store) -> Backend:
    """Return the backend to use: the one that is wanted, or the best that is installed."""
    if wanted != "auto":
        return wanted
    return next((backend for backend in MODELS if obstacle(backend, store) is None), "dsp")


def obstacle(backend: Backend, store: Store) -> SdaError | None:
    """Return what keeps a backend from being used here, with the way out; None where nothing does. It reads no weights."""
    if backend == "dsp":
        return None
    if backend == "drumsep" and find_spec("demucs") is None:
        return EnvironmentFault(
            f"The optional part {drumsep.EXTRA} of sda is not installed.",
            "It brings the package demucs, which takes the drums apart.",
            f'Run `uv sync --extra {drumsep.EXTRA}` in a copy of the repository, or `pip install "small-dataset-audio[{drumsep.EXTRA}]"`.',
        )
    if missing := store.missing(MODELS[backend]):
        return MissingWeights(
            f"The weights of {MODELS[backend]} are not installed.",
            f"{store.home(MODELS[backend])} does not hold {', '.join(file.name for file in missing)}.",
            f"Run `sda models pull {MODELS[backend]}`, or set transcription.backend to dsp, which needs none.",
        )
    return None


def opened(backend: Backend, store: Store, device: str = "cpu", scratch: Scratch | None = None) -> Listener:
    """Return a backend, with its weights on ``device``, ready for any number of recordings.

    Raises:
        SdaError: it cannot be used here.
    """
    if (reason := obstacle(backend, store)) is not None:
        raise reason
    if backend == "adtof":
        return adtof.open_adtof(store, device)
    if backend == "drumsep":
        return drumsep.open_drumsep(store, device, scratch)
    return dsp.transcribe
