"""Taking weights from a folder, for machines without a network."""

from pathlib import Path

from small_dataset_audio.atomic import open_file, store_error
from small_dataset_audio.errors import MissingWeights, ModelError
from small_dataset_audio.models import record
from small_dataset_audio.models.download import Progress
from small_dataset_audio.models.hub import is_data
from small_dataset_audio.models.part import Origin, Part
from small_dataset_audio.models.record import Verified
from small_dataset_audio.models.registry import Model, ModelFile

_BLOCK = 1 << 20


def find(model: Model, file: ModelFile, source: Path) -> Path:
    """Return where ``source`` holds a file: in a folder of the model's name, or itself.

    Raises:
        MissingWeights: it does not hold it.
        StoreError: it may not be looked at.
    """
    places = (source / model.name / file.name, source / file.name)
    found = next((place for place in places if _is_file(place)), None)
    if found is None:
        raise MissingWeights(
            f"{source} does not hold {file.name} of {model.name}.",
            f"Neither {places[0]} nor {places[1]} is a file.",
            "Name the folder with --from that holds the files, or a copy of another machine's folder of models.",
        )
    return found


def _is_file(place: Path) -> bool:
    try:
        return place.is_file()
    except OSError as error:
        raise store_error("read", place, error) from error


def listing(model: Model, source: Path) -> tuple[ModelFile, ...]:
    """Return the files of a model whose list only the hub has, as ``source`` holds them.

    Raises:
        MissingWeights: there are none.
    """
    for folder in (source / model.name, source):
        try:
            names = sorted(path.name for path in folder.iterdir() if path.is_file() and is_data(path.name))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise store_error("read", folder, error) from error
        if any(name.endswith(".safetensors") for name in names):
            return tuple(ModelFile(name) for name in names)
    raise MissingWeights(
        f"{source} does not hold {model.name}.",
        f"Neither {source / model.name} nor {source} holds .safetensors files.",
        f"Fetch all files of {model.hub} on another machine, and name the folder that holds them with --from.",
    )


def take(file: ModelFile, found: Path, part: Part, progress: Progress) -> Verified:
    """Return what is true of a file, which was copied and then is under its name.

    Raises:
        ModelError: it is not what it must be.
        StoreError: it cannot be read or written.
    """
    part.begin(Origin(str(found)))
    try:
        with open_file(found) as source, part.growing() as copy:
            progress.start(file.name, found.stat().st_size, 0)
            while block := source.read(_BLOCK):
                copy.write(block)
                progress.advance(len(block))
    except OSError as error:
        raise store_error("read", found, error) from error
    verified = record.examine(part.path)
    if file.sha256 is not None and verified.sha256 != file.sha256:
        part.discard()
        raise ModelError(
            f"{found} is not {file.name} as it must be.",
            f"Its sha256 is {verified.sha256}; the registry says {file.sha256}.",
            "Fetch it again: it may be damaged, half a download, or another version.",
        )
    part.finish()
    return verified
