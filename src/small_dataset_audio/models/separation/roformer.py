"""BS-RoFormer, the band-split transformer (Lu et al., 2023), from a description (YAML) and weights as they are published.

The network is that of the package bs_roformer (bs-roformer-infer), which fits the public weights. The package's own way
to read a description leaves out, without a word, whatever it does not know: here a key that would change the network and
is not known is an error. Cutting, resampling and putting together are the engine's.
"""

import inspect
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import read_whole, store_error
from small_dataset_audio.errors import ModelError
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.opening import extra, state_dict
from small_dataset_audio.models.separation.network import Estimates, Examples, Network
from small_dataset_audio.models.separation.running import computing, loaded

_LOGGER: Final = logging.getLogger(__name__)
_EXTRA: Final = "separation"
_NAME: Final = re.compile(r"[a-z][a-z0-9 _-]{0,31}")
"""What a stem may be called: files are named after it."""
_LARGEST: Final = 2**20
"""Bytes: a description is a page of text."""
_RATE: Final = 44100
"""Where a description gives none."""
_CHUNK: Final = 588800
"""Samples of a piece where a description gives none, as the package has it."""
_OVERLAP: Final = 0.5
"""Each sample is heard twice, as in the published settings (``num_overlap: 2``); more changes little and costs much."""
_WITHOUT_EFFECT: Final = {
    "linear_transformer_depth": 0,
    "mlp_expansion_factor": 4,
    "skip_connection": False,
    "sage_attention": False,
}
"""Keys of other programs for the same network -> the value at which they are this network."""
_TRAINING_ONLY: Final = frozenset({"use_torch_checkpoint"})
_SECTIONS: Final = frozenset(
    {"model", "training", "inference", "audio", "augmentations", "augmentation", "loss_multistft"}
)
_INFERENCE: Final = frozenset({"batch_size", "dim_t", "num_overlap", "chunk_size", "normalize"})


@dataclass(frozen=True)
class Description:
    """What a YAML file says of a model.

    Attributes:
        arguments: for the network.
        sources: what it makes, in order.
        rate: samples per second.
        segment: samples of a piece, whole hops of the network's transform.
        normalise: it was trained on recordings that were brought to one level.
    """

    arguments: dict[str, Any]
    sources: tuple[str, ...]
    rate: int
    segment: int
    normalise: bool


def open_roformer(model: str, folder: Path, files: tuple[str, ...], device: str, *, half: bool) -> Network:
    """Return a BS-RoFormer, ready to work.

    Args:
        model: its name.
        folder: where its files are.
        files: their names: one description (``.yaml``) and one file of weights.
        device: where it computes.
        half: compute in 16 bits where that is possible.

    Raises:
        EnvironmentFault: the package bs_roformer is not installed.
        ModelError: description and weights are not those of a BS-RoFormer that sda can use.
    """
    torch = import_torch()
    descriptions = [name for name in files if name.endswith((".yaml", ".yml"))]
    weights = [name for name in files if name not in descriptions]
    if len(descriptions) != 1 or len(weights) != 1:
        raise _unusable(folder, f"A description (.yaml) and one file of weights are needed, not {', '.join(files)}.")
    path = folder / weights[0]
    build = extra("bs_roformer.bs_roformer", _EXTRA).BSRoformer
    described = read_description(folder / descriptions[0], frozenset(inspect.signature(build).parameters))
    wrong_type = extra("beartype.roar", _EXTRA).BeartypeCallHintViolation
    network = loaded(lambda: build(**described.arguments), state_dict(path), path, device, (wrong_type,))

    def apply(examples: Examples, _rate: int) -> Estimates:
        """Return the stems of some examples, as long as they are."""
        with computing(torch, device, half=half):
            made = network(torch.from_numpy(examples).to(device)).float().cpu()
            missing = examples.shape[2] - made.shape[-1]
            estimates: Estimates = torch.nn.functional.pad(made, (0, missing)).numpy()
            return estimates

    return Network(
        backend="roformer",
        model=model,
        sources=described.sources,
        rate=described.rate,
        channels=2 if described.arguments.get("stereo") else 1,
        segment=described.segment,
        overlap=_OVERLAP,
        normalise=described.normalise,
        apply=apply,
        device=device,
        module=network,
    )


def read_description(path: Path, known: frozenset[str]) -> Description:
    """Return what the YAML file at ``path`` says.

    Args:
        path: the file.
        known: the names of the network's arguments.

    Raises:
        ModelError: it cannot be read, describes another kind of network, or holds what would be left out silently.
    """
    content = _yaml(path)
    model, training = _section(path, content, "model"), _section(path, content, "training")
    audio, inference = (_section(path, content, name, required=False) for name in ("audio", "inference"))
    strange = sorted({*(set(content) - _SECTIONS), *(f"inference.{key}" for key in set(inference) - _INFERENCE)})
    if strange:
        _LOGGER.warning("%s: these keys mean nothing to sda: %s", path.name, ", ".join(strange))
    arguments = _arguments(path, model, known)
    sources = _sources(path, training, arguments)
    try:
        rate = int(audio.get("sample_rate", _RATE))
        chunk = int(inference.get("chunk_size", audio.get("chunk_size", _CHUNK)))
        hop = int(arguments.get("stft_hop_length", 512))
    except (TypeError, ValueError) as error:
        raise _unusable(path, f"Where a whole number belongs stands something else: {error}.") from error
    if min(rate, hop, chunk // max(hop, 1)) < 1:
        raise _unusable(path, f"Pieces of {chunk} samples in hops of {hop} at {rate} Hz cannot be.")
    return Description(arguments, sources, rate, chunk // hop * hop, bool(inference.get("normalize", False)))


def _yaml(path: Path) -> Mapping[str, Any]:
    """Return a YAML file as plain values; Python's tuples, which published files contain, become lists."""
    yaml = extra("yaml", _EXTRA)

    class Plain(yaml.SafeLoader):  # type: ignore[misc,name-defined] # the base class is found when it is needed
        """Reads what a published description holds, and builds nothing else."""

        def compose_node(self, parent: object, index: object) -> object:
            """Refuse aliases: a few lines of them stand for billions of values."""
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("it refers to parts of itself")
            return super().compose_node(parent, index)

    Plain.add_constructor("tag:yaml.org,2002:python/tuple", lambda loader, node: loader.construct_sequence(node))
    try:
        content = yaml.load(read_whole(path, _LARGEST).decode("utf-8"), Loader=Plain)
    except OSError as error:
        raise store_error("read", path, error) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: no UTF-8, or a date that there is not
        raise _unusable(path, f"It is not plain YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(content, dict):
        raise _unusable(path, "It holds no sections.")
    return content


def _section(path: Path, content: Mapping[str, Any], name: str, *, required: bool = True) -> Mapping[str, Any]:
    section = content.get(name, None if required else {})
    if not isinstance(section, dict):
        raise _unusable(path, f"Its section {name} is missing, or is no section.")
    return section


def _arguments(path: Path, model: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Return the arguments of the network, without what is known to change nothing."""
    ignored = {key for key, value in model.items() if key in _TRAINING_ONLY or _WITHOUT_EFFECT.get(key, model) == value}
    unknown = sorted(set(model) - known - ignored)
    if unknown:
        listed = ", ".join(f"{key}: {model[key]}" for key in unknown)
        raise _unusable(path, f"The network that sda has does not know {listed}, and would be another one without.")
    used = {key: value for key, value in model.items() if key in known}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in used.items()}


def _sources(path: Path, training: Mapping[str, Any], arguments: Mapping[str, Any]) -> tuple[str, ...]:
    target = training.get("target_instrument")
    named = training.get("instruments") if target is None else [target]
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        raise _unusable(path, "Its training.instruments is no list of names.")
    sources = tuple(one.lower() for one in named)
    if len(set(sources)) < len(sources) or not all(_NAME.fullmatch(one) for one in sources):
        raise _unusable(path, f"Its training.instruments are no names of stems: {', '.join(sources)}.")
    if len(sources) != arguments.get("num_stems", 1):
        raise _unusable(
            path, f"It names {', '.join(sources)} for a network that makes {arguments.get('num_stems', 1)} stems."
        )
    return sources


def _unusable(path: Path, why: str) -> ModelError:
    return ModelError(
        f"{path.name} does not describe a BS-RoFormer that sda can use.",
        why,
        "Take the description that was published with the weights, or choose bs_roformer_sw as separation.roformer_model.",
    )
