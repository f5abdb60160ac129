"""What the shell offers where it completes a value: names and choices, looked up only then."""

from collections.abc import Callable


def choices_of(setting: str) -> Callable[[str], list[str]]:
    """Return what completes an option that takes the place of ``setting``: its choices, behind commas as well."""

    def offer(incomplete: str) -> list[str]:
        """Return the choices that begin with what is typed."""
        from small_dataset_audio.config.keys import KEYS
        from small_dataset_audio.config.schema import choices

        return _behind_commas(incomplete, choices(KEYS[setting].schema))

    return offer


def devices() -> list[str]:
    """Return the devices that may be asked for."""
    return ["auto", "cpu", "cuda", "mps"]


def features() -> list[str]:
    """Return the names of what sda measures."""
    from small_dataset_audio.features.catalog import declared

    return list(declared())


def forgettable() -> list[str]:
    """Return the stages whose values can be taken back."""
    from small_dataset_audio.pipeline.forgetting import forgettable as stages

    return stages()


def models() -> list[str]:
    """Return the names of models, and the tasks that stand for all of theirs."""
    from small_dataset_audio.models.registry import models as registered

    known = registered()
    return [*known, *dict.fromkeys(one.task for one in known.values())]


def settings() -> list[str]:
    """Return every setting, as section.key."""
    from small_dataset_audio.config.keys import KEYS

    return list(KEYS)


def checks(incomplete: str) -> list[str]:
    """Return the checks that `sda lint` makes, behind those that stand there already."""
    from small_dataset_audio.dataset.lint.checks import CHECKS

    return _behind_commas(incomplete, [check.name for check in CHECKS])


def _behind_commas(incomplete: str, words: list[str]) -> list[str]:
    before, comma, _ = incomplete.rpartition(",")
    return [f"{before}{comma}{word}" for word in words]
