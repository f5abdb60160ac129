import inspect
import pickle

import pytest

from small_dataset_audio import errors


def every_error() -> list[type[errors.SdaError]]:
    return [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, errors.SdaError)]


@pytest.mark.parametrize("kind", every_error())
def test_each_error_survives_a_trip_between_processes(kind: type[errors.SdaError]) -> None:
    back = pickle.loads(pickle.dumps(kind("what", "why", "fix")))
    assert type(back) is kind
    assert back.as_dict() == {"what": "what", "why": "why", "fix": "fix"}
    assert str(back) == "what\nwhy\nfix"


def test_wrong_usage_has_its_own_exit_status() -> None:
    assert errors.UsageError("a", "b", "c").exit_status == 2
    assert errors.AudioError("a", "b", "c").exit_status == 1


def test_the_tree_at_the_top_of_the_module_names_every_error() -> None:
    assert errors.__doc__ is not None
    assert [kind.__name__ for kind in every_error() if kind.__name__ not in errors.__doc__] == []
