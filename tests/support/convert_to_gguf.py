"""Runs llama.cpp's converter on a tiny model: ``python convert_to_gguf.py CONVERTER PUBLISHED MODEL PROJECTOR``.

Two things it takes from the published models cannot be taken from a tiny one: the name of the pre-tokenizer, which it knows by
a checksum over the whole vocabulary, and the kind of vocabulary, for which it would ask the package sentencepiece.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def convert(converter: Path, published: Path, model: Path, projector: Path) -> None:
    """Write ``model`` and ``projector`` from the model as transformers saves it."""
    sys.path[:0] = [str(converter), str(converter / "gguf-py")]
    program: Any = import_module("convert_hf_to_gguf")
    words: Any = import_module("conversion.base").TextModel
    qwen: Any = import_module("conversion.qwen").Qwen2Model
    words.get_vocab_base_pre = lambda _self, _tokenizer: "qwen2"
    qwen.set_vocab = words._set_vocab_gpt2
    for file, options in ((model, []), (projector, ["--mmproj"])):
        sys.argv[1:] = [str(published), "--outtype", "f32", "--outfile", str(file), *options]
        program.main()


if __name__ == "__main__":
    convert(*(Path(word) for word in sys.argv[1:5]))
