"""The table of models in the documents."""

from dataclasses import replace

from small_dataset_audio.models import describe
from small_dataset_audio.models.describe import render_markdown
from small_dataset_audio.models.registry import ModelFile, models


def test_every_model_has_a_line_and_a_sentence() -> None:
    lines = render_markdown().splitlines()
    for name, model in models().items():
        [row] = [line for line in lines if line.startswith((f"| [`{name}`]", f"| `{name}` |"))]
        assert row.count("|") == 8
        assert model.licence in row
        assert f"- **{name}**: {model.summary} {model.commercial}" in lines


def test_sizes_and_hashes_in_words() -> None:
    one = replace(models()["htdemucs"], home=None, memory_gb=None)
    assert describe._row(one) == "| `htdemucs` | separation | 84.0 MB |  | MIT | yes | known |"
    loose = replace(one, files=(ModelFile("a"),))
    assert describe._row(loose) == "| `htdemucs` | separation | unknown |  | MIT | yes | of the first download |"
    hub = replace(one, files=(), hub="a/b", about=3_000)
    assert describe._row(hub) == "| `htdemucs` | separation | about 3.0 kB |  | MIT | yes | partly known to the hub |"
