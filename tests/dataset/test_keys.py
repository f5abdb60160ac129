import pytest

from small_dataset_audio.dataset.keys import key_name, key_of


@pytest.mark.parametrize(
    ("info", "name"),
    [
        ({"tonic": 2, "tonic_scale": "minor"}, "D minor"),
        ({"tonic": 1, "tonic_scale": "major"}, "Db major"),
        ({"tonic": 1.0, "tonic_scale": "minor"}, "C# minor"),
        ({"tonic": 12, "tonic_scale": "minor"}, None),
        ({"tonic": 2.5, "tonic_scale": "minor"}, None),
        ({"tonic": 2}, None),
        ({"tonic": "D", "tonic_scale": "minor"}, None),
        ({"tonic": 2, "tonic_scale": "dorian"}, None),
        ({"tonic": 2, "tonic_scale": ["minor"]}, None),
        ({}, None),
    ],
)
def test_a_key_is_spelled_where_both_its_parts_are_known(info: dict[str, object], name: str | None) -> None:
    assert key_name(info) == name
    assert (key_of(info) is None) == (name is None)
