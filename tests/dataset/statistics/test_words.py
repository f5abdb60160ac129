from small_dataset_audio.dataset.statistics.words import summarise_labels, summarise_tags, summarise_text


def test_labels_are_counted_with_their_mean_probability() -> None:
    found = summarise_labels(
        "genre", {"a": {"House": 0.8, "Techno": 0.1}, "b": {"House": 0.4, "Techno": 0.5}, "c": {"Dub": 0.3}}
    )
    assert found.as_dict() == {
        "name": "genre",
        "count": 3,
        "labels": [
            {"label": "House", "tracks": 2, "mean_probability": 0.6000000000000001, "strongest": 1},
            {"label": "Techno", "tracks": 2, "mean_probability": 0.3, "strongest": 1},
            {"label": "Dub", "tracks": 1, "mean_probability": 0.3, "strongest": 1},
        ],
    }


def test_lists_are_counted_without() -> None:
    found = summarise_tags("genres", {"a": ("dub", "reggae"), "b": ("dub",)})
    assert [one.as_dict() for one in found.labels] == [{"label": "dub", "tracks": 2}, {"label": "reggae", "tracks": 1}]


def test_texts_that_are_few_are_listed() -> None:
    found = summarise_text("tonic_scale", {"a": "minor", "b": "minor", "c": "major"})
    assert found.values == {"minor": 2, "major": 1}
    assert found.different == 2


def test_captions_are_measured() -> None:
    found = summarise_text(
        "caption", {f"t{i}": f"A piece for {'very ' * i}slow evenings at home, by the fire." for i in range(5)}
    )
    assert not found.values
    assert found.as_dict()["words"] == {"min": 10, "median": 12, "max": 14}


def test_many_short_texts_are_not_listed_unless_they_come_again() -> None:
    titles = {f"t{i:02}": f"Title {i}" for i in range(20)}
    assert not summarise_text("title", titles).values
    assert summarise_text("title", titles | {"t00": "Title 1"}).values["Title 1"] == 2
