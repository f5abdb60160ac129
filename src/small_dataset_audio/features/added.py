"""Features that other packages add, found by their entry points.

A package declares, in the group `catalog.ENTRY_POINTS`, an entry point that leads to an `AddedFeatures`. Its numbers are then measured,
validated, listed and stored like those of sda itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from small_dataset_audio.errors import FeatureError
from small_dataset_audio.features.catalog import BY_NAME, ENTRY_POINTS, Feature
from small_dataset_audio.features.sound import Family


@dataclass(frozen=True)
class AddedFeatures:
    """A family of features from outside.

    Attributes:
        family: what measures them; it runs after the families of sda.
        features: their declarations, one for each name that the family promises.
        version: raised whenever a value can differ from before for the same audio; tracks are then measured again.
    """

    family: Family
    features: tuple[Feature, ...]
    version: int = 1


@cache
def added_features() -> tuple[AddedFeatures, ...]:
    """Return what installed packages add, in the order of the entry points' names.

    Raises:
        FeatureError: an entry point cannot be loaded, is no `AddedFeatures`, or declares what is declared already.
    """
    return checked(sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name))


def checked(points: Iterable[EntryPoint]) -> tuple[AddedFeatures, ...]:
    """Return what ``points`` lead to, all names declared once.

    Raises:
        FeatureError: as `added_features`.
    """
    found: list[AddedFeatures] = []
    known = set(BY_NAME)
    for point in points:
        one = _loaded(point)
        names = [feature.name for feature in one.features]
        if set(names) != set(one.family.features) or len(set(names)) != len(names):
            raise _refused(point, "its declarations and the names that its family promises are not the same.")
        if taken := sorted(known & set(names)):
            raise _refused(point, f"{', '.join(taken)} is declared already.")
        known |= set(names)
        found.append(one)
    return tuple(found)


def _loaded(point: EntryPoint) -> AddedFeatures:
    try:
        one = point.load()
    except (ImportError, AttributeError, SyntaxError) as error:
        raise _refused(point, f"loading {point.value} ended in {type(error).__name__}: {error}.") from error
    if not isinstance(one, AddedFeatures):
        raise _refused(point, f"{point.value} is no AddedFeatures.")
    return one


def _refused(point: EntryPoint, reason: str) -> FeatureError:
    package = point.dist.name if point.dist is not None else "an installed package"
    return FeatureError(
        f"The features {point.name!r} that {package} adds cannot be used.",
        f"In {package}, {reason}",
        f"Repair {package}, or uninstall it: uv pip uninstall {package}",
    )
