"""What the networks share: their weights are put in strictly, and they compute in one way."""

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from small_dataset_audio.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

_LOGGER: Final = logging.getLogger(__name__)
_FAULTS: Final = (AssertionError, TypeError, ValueError, RuntimeError, ArithmeticError, IndexError)
_SHOWN: Final = 3
"""Names of weights in an error."""


def loaded(
    build: Callable[[], Any],
    weights: "Mapping[str, Tensor]",
    path: Path,
    device: str,
    faults: tuple[type[Exception], ...] = (),
) -> Any:  # noqa: ANN401 - a torch.nn.Module
    """Return a network with its weights on ``device``, ready to be used and not to be trained.

    What a package prints while it builds a network goes to the log: stdout is for results.

    Args:
        build: makes the network.
        weights: its weights by name.
        path: the file that they came from.
        device: where it computes.
        faults: what else than Python's own errors the package raises when a network cannot be built.

    Raises:
        ModelError: the network cannot be built like that, or weights are missing, left over, or of another shape.
    """
    said = io.StringIO()
    refusals: tuple[type[Exception], ...] = (*_FAULTS, *faults)
    with contextlib.redirect_stdout(said), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what packages remark about their own ways
        try:
            network = build()
        except refusals as error:
            raise ModelError(
                f"The network for {path.name} cannot be built.",
                f"Its description does not hold together: {_first_line(error)}.",
                "Fetch the model again with `sda models pull`; a model of your own needs the description it was trained with.",
            ) from error
    if said.getvalue().strip():
        _LOGGER.debug("%s: %s", path.name, said.getvalue().strip())
    _check(network.state_dict(), weights, path)
    network.load_state_dict(dict(weights))
    return network.to(device).eval().requires_grad_(requires_grad=False)


def _check(wanted: "Mapping[str, Tensor]", given: "Mapping[str, Tensor]", path: Path) -> None:
    missing = [name for name in wanted if name not in given]
    extra = [name for name in given if name not in wanted]
    other = [name for name in wanted if name in given and wanted[name].shape != given[name].shape]
    faults = [
        f"{len(names)} {what} ({', '.join(names[:_SHOWN])}{', ...' if len(names) > _SHOWN else ''})"
        for names, what in ((missing, "missing"), (extra, "unknown"), (other, "of another shape"))
        if names
    ]
    if faults:
        raise ModelError(
            f"The weights in {path.name} are not those of this network.",
            f"Of {len(wanted)} weights that it has: {'; '.join(faults)}.",
            "Weights and description belong together: fetch both again with `sda models pull`.",
        )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


@contextlib.contextmanager
def computing(torch: ModuleType, device: str, *, half: bool) -> Iterator[None]:
    """Compute without keeping what only training needs, in 16 bits where that is asked for and possible."""
    with (
        torch.inference_mode(),
        torch.autocast(device.partition(":")[0], dtype=torch.float16, enabled=half),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", FutureWarning)  # of functions that the networks' packages call
        yield
