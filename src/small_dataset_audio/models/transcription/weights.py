"""Putting a checkpoint into a network, all of it or not at all.

Beside each tensor that the network needs, the published checkpoint of ADTOF holds the recurrent ones a second time,
under the names that a hand-written cell had: ``gru_layers.0.fw.weight_ih`` is ``gru_layers.0.weight_ih_l0``, and ``bw``
is ``…_reverse``. Both names are understood; where both are there they must agree. Counters of batches are not needed.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from small_dataset_audio.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor, nn

_ALIAS: Final = re.compile(r"(?P<layer>gru_layers\.\d+)\.(?P<direction>fw|bw)\.(?P<what>(weight|bias)_(ih|hh))")
_COUNTER: Final = ".num_batches_tracked"
_NAMED: Final = 4
"""How many names of a kind a message lists."""


def load_strictly(network: "nn.Module", found: Mapping[str, "Tensor"], source: str) -> None:
    """Put the tensors ``found`` into ``network``, as 32-bit floats.

    Args:
        network: what they are for.
        found: name -> tensor.
        source: the file they come from, for messages.

    Raises:
        ModelError: some are missing, unknown, of another shape, contradict each other, or hold no numbers.
    """
    import torch  # noqa: PLC0415 - the network exists, so torch is there

    wanted = {name: tensor for name, tensor in network.state_dict().items() if not name.endswith(_COUNTER)}
    given, problems = _by_one_name(found)
    problems += _differences("missing", wanted.keys() - given.keys())
    problems += _differences("not known here", given.keys() - wanted.keys())
    for name in sorted(wanted.keys() & given.keys()):
        if given[name].shape != wanted[name].shape:
            problems.append(f"{name} has the shape {tuple(given[name].shape)} instead of {tuple(wanted[name].shape)}")
        elif not bool(torch.isfinite(given[name]).all()):
            problems.append(f"{name} holds values that are no numbers")
    if problems:
        raise ModelError(
            f"The weights in {source} are not those of this network.",
            f"{'; '.join(problems)}.",
            "Fetch them again with `sda models pull`, or look where the file came from.",
        )
    network.load_state_dict({name: given[name].float() for name in wanted}, strict=False)


def _by_one_name(found: Mapping[str, "Tensor"]) -> tuple[dict[str, "Tensor"], list[str]]:
    """Return the tensors under the names of the network, and which of their second names contradict them."""
    given = {name: one for name, one in found.items() if not _ALIAS.fullmatch(name) and not name.endswith(_COUNTER)}
    problems = []
    for name, tensor in found.items():
        if alias := _ALIAS.fullmatch(name):
            direction = "" if alias["direction"] == "fw" else "_reverse"
            meant = f"{alias['layer']}.{alias['what']}_l0{direction}"
            first = given.setdefault(meant, tensor)
            if first.shape != tensor.shape or not bool((first == tensor).all()):
                problems.append(f"{name} and {meant} are the same tensor by name and differ")
    return given, problems


def _differences(what: str, names: set[str]) -> list[str]:
    if not names:
        return []
    shown = sorted(names)[:_NAMED]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return [f"{what}: {', '.join(shown)}{more}"]
