"""ONNX networks: opened once and checked against what is expected of them, before they see any sound."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.errors import ModelError
from small_dataset_audio.hardware.oom import is_out_of_memory_text
from small_dataset_audio.models.descriptions import unfitting
from small_dataset_audio.models.opening import extra, onnx_session

Array = NDArray[np.float32]

_ARENA_FULL: Final = "failed to allocate memory"
"""What onnxruntime's own allocator says when memory runs out; what drivers say is known to `hardware.oom`."""


class Network:
    """One ONNX network.

    Args:
        path: the ``.onnx`` file.
        device: where it runs.
        outputs: name of each output that is wanted -> how many values it gives for one example.

    Raises:
        ModelError: it is no ONNX network, takes several inputs, or does not give these outputs.
    """

    def __init__(self, path: Path, device: str, outputs: Mapping[str, int]) -> None:
        self._path = path
        self._outputs = dict(outputs)
        self._session = onnx_session(path, device)
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise self._other(f"It takes {len(inputs)} inputs instead of one.")
        self._input = inputs[0].name
        given = {output.name: output.shape for output in self._session.get_outputs()}
        for name, width in self._outputs.items():
            if name not in given:
                raise self._other(f"It gives {', '.join(given)}, but no {name}.")
            promised = given[name][-1] if given[name] else 1
            if isinstance(promised, int) and promised != width:
                raise self._other(f"Its {name} are {promised} values instead of {width}.")

    @property
    def providers(self) -> list[str]:
        """What runs it, by onnxruntime's names, the first one first."""
        return list(self._session.get_providers())

    def __call__(self, examples: Array) -> list[Array]:
        """Return the outputs for ``examples`` ``[shape=(n, ...)]``, each ``[shape=(n, width)]``, in the order asked for.

        Raises:
            MemoryError: memory ran out on the device.
            ModelError: the network cannot work on these examples, or answers with something other than numbers.
        """
        state = extra("onnxruntime", "labels").capi.onnxruntime_pybind11_state
        try:
            answers: list[Array] = self._session.run(list(self._outputs), {self._input: examples})
        except (state.Fail, state.InvalidArgument, state.RuntimeException, state.EPFail) as error:
            said = str(error)
            if is_out_of_memory_text(said) or _ARENA_FULL in said.lower():
                raise MemoryError(said) from error
            raise self._other(f"onnxruntime says: {' '.join(said.split())[:200]}") from error
        for (name, width), answer in zip(self._outputs.items(), answers, strict=True):
            if answer.shape != (examples.shape[0], width):
                raise self._other(f"Its {name} have the shape {answer.shape} instead of {(examples.shape[0], width)}.")
            if not np.isfinite(answer).all():
                raise self._other(f"Its {name} are not finite numbers.")
        return answers

    def _other(self, why: str) -> ModelError:
        return unfitting(self._path, why)
