"""Hybrid Transformer Demucs: one network, or several whose answers are weighed against each other (a bag).

The network and the definition of each bag come from the package demucs; the weights are safetensors files, whose header
also says with which arguments the network is built. The package's own loader builds whatever class the header names: here
only Demucs' networks are accepted, and every weight must fit.
"""

import inspect
import json
import logging
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from small_dataset_audio.errors import ModelError
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.opening import extra, state_dict
from small_dataset_audio.models.separation.network import Estimates, Examples, Network
from small_dataset_audio.models.separation.running import computing, loaded

if TYPE_CHECKING:
    from types import ModuleType

_LOGGER: Final = logging.getLogger(__name__)
_EXTRA: Final = "separation"
_OVERLAP: Final = 0.25
"""As Demucs' own programs have it."""
_NETWORKS: Final = {"demucs.htdemucs.HTDemucs": ("demucs.htdemucs", "HTDemucs")}
"""What a header may name -> where that is."""


def open_demucs(model: str, folder: Path, device: str, *, half: bool) -> Network:
    """Return a Demucs model, ready to work.

    Args:
        model: ``htdemucs``, ``htdemucs_ft`` or ``htdemucs_6s``.
        folder: where its weights are.
        device: where it computes.
        half: compute in 16 bits where that is possible.

    Raises:
        EnvironmentFault: the package demucs is not installed.
        ModelError: the weights are not those of this model.
    """
    torch = import_torch()
    names, weights = _bag(model)
    members = [_member(folder / f"{name}.safetensors", device) for name in names]
    sources = tuple(members[0].sources)
    if any(tuple(one.sources) != sources or one.samplerate != members[0].samplerate for one in members):
        raise _misfit(folder, "Its networks do not make the same stems at the same rate.")
    shares = np.asarray(weights or [[1.0] * len(sources)] * len(members), dtype=np.float32)
    if shares.shape != (len(members), len(sources)):
        raise _misfit(folder, f"{shares.shape} weights are given for {len(members)} networks and {len(sources)} stems.")
    shares /= shares.sum(axis=0)

    def apply(examples: Examples, _rate: int) -> Estimates:
        """Return the stems of some examples ``[shape=(examples, stems, channels, n)]``, the networks' weighted mean."""
        with computing(torch, device, half=half):
            batch = torch.from_numpy(examples).to(device)
            total = torch.zeros(())
            for member, share in zip(members, shares, strict=True):
                total = total + member(batch).float().cpu() * torch.from_numpy(share)[:, None, None]
            estimates: Estimates = total.numpy()
            return estimates

    return Network(
        backend="demucs",
        model=model,
        sources=sources,
        rate=int(members[0].samplerate),
        channels=int(members[0].audio_channels),
        segment=min(int(one.segment * one.samplerate) for one in members),
        overlap=_OVERLAP,
        normalise=True,
        apply=apply,
        device=device,
        module=members,
    )


def _bag(model: str) -> tuple[list[str], list[list[float]] | None]:
    """Return the names of a model's networks and the weight of each for each source (None: all count alike)."""
    yaml = extra("yaml", _EXTRA)
    definition = Path(extra("demucs", _EXTRA).__file__ or "").parent / "remote" / f"{model}.yaml"
    try:
        bag = yaml.safe_load(definition.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(
            f"The installed demucs does not know {model}.",
            f"There is no {definition.name} in it.",
            "Update it with `uv sync --extra separation`, or choose htdemucs as separation.demucs_model.",
        ) from error
    return [str(name) for name in bag["models"]], bag.get("weights")


def _member(path: Path, device: str) -> Any:  # noqa: ANN401 - a torch.nn.Module of an untyped package
    """Return one network with its weights."""
    tensors = state_dict(path)
    header = _header(path)
    build, arguments = _described(path, header)
    return loaded(lambda: build(**arguments), tensors, path, device)


def _header(path: Path) -> dict[str, str]:
    """Return what a safetensors file says about its tensors."""
    safetensors = extra("safetensors", _EXTRA)
    try:
        with safetensors.safe_open(str(path), framework="pt") as file:
            return dict(file.metadata() or {})
    except safetensors.SafetensorError as error:
        raise _misfit(path, "It is not a safetensors file, which Demucs' weights on the hub are.") from error


def _described(path: Path, header: dict[str, str]) -> tuple[Any, dict[str, Any]]:
    """Return the class of a network and its arguments, as the header of its weights has them.

    Raises:
        ModelError: the header names anything else than a network of Demucs, or cannot be read.
    """
    name = header.get("klass", "")
    if name not in _NETWORKS:
        raise _misfit(path, f"Its header names {name or 'no network'!r}, and sda builds only {', '.join(_NETWORKS)}.")
    module: ModuleType = extra(_NETWORKS[name][0], _EXTRA)
    build = getattr(module, _NETWORKS[name][1])
    try:
        positional = _decoded(json.loads(header.get("args", "[]")))
        given = _decoded(json.loads(header.get("kwargs", "{}")))
        signature = inspect.signature(build)
        # As the package itself does: what its training code of old knew and its network does not is left out, and told.
        unknown = sorted(set(given) - set(signature.parameters))
        bound = signature.bind(*positional, **{name: each for name, each in given.items() if name not in unknown})
    except (ValueError, TypeError, KeyError, AttributeError, ZeroDivisionError) as error:
        raise _misfit(path, f"What its header says of the network cannot be used: {error}.") from error
    if unknown:
        _LOGGER.warning("%s: the network does not know these settings of it: %s", path.name, ", ".join(unknown))
    return build, dict(bound.arguments)


def _decoded(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value of the header with its fractions as such."""
    if isinstance(value, dict):
        if value.get("_type") == "fraction":
            return Fraction(value["numerator"], value["denominator"])
        return {key: _decoded(each) for key, each in value.items()}
    return [_decoded(each) for each in value] if isinstance(value, list) else value


def _misfit(path: Path, why: str) -> ModelError:
    return ModelError(
        f"{path.name} cannot be used as Demucs.",
        why,
        f"Fetch the weights again with `sda models pull`, and look where {path} came from.",
    )
