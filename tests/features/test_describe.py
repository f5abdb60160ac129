from small_dataset_audio.features.catalog import FEATURES
from small_dataset_audio.features.describe import render_markdown


def test_every_feature_has_its_row_under_its_group() -> None:
    measured = frozenset(feature.name for feature in FEATURES[:3])
    page = render_markdown(measured)
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [feature.name for feature in FEATURES]
    assert f"declares {len(FEATURES)} numbers; this version measures 3 of them" in page
    assert "measures all of them. \n" in render_markdown(frozenset(feature.name for feature in FEATURES))
    assert page.endswith("|\n")
    assert page.count("\n## ") == len({feature.group for feature in FEATURES})
    for row, feature in zip(rows, FEATURES, strict=True):
        assert ("*declared*" in row) == (feature.name not in measured)
        assert row.count(" | ") == 4
        assert feature.meaning in row
        assert (f", {feature.kind}" in row) == (feature.kind != "float")
