"""What keeps an installation from running a model: told without importing a library or reading weights."""

from importlib.util import find_spec

from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import EnvironmentFault, SdaError
from small_dataset_audio.models.store import Store


def obstacle(settings: Settings, *, model: str, library: str, extra: str) -> SdaError | None:
    """Return what keeps this installation from running ``model``, with the way out; None where nothing does.

    Args:
        settings: where weights lie.
        model: the registry's name.
        library: import name of the top-level package that runs it.
        extra: the optional part of sda that brings the library.
    """
    if find_spec(library) is None:
        return EnvironmentFault(
            f"The optional part {extra} of sda is not installed.",
            f"It brings the package {library}, which runs {model}.",
            f'Run `uv sync --extra {extra}` in a copy of the repository, or `pip install "small-dataset-audio[{extra}]"`.',
        )
    store = Store.of(settings)
    try:
        if store.missing(model):
            store.require(model)
    except SdaError as error:
        return error
    return None
