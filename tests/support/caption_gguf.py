"""A tiny caption model for the real llama-server, and that server: see scripts/llama-server.sh.

The model is of the real architecture, its weights are random, and llama.cpp's own converter writes its files. Random words
would be bytes that are no text, so that the rows of the last layer that stand for anything but letters, full stops and the
end of an answer are put out of reach.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import pytest

from support import caption_models
from support.caption_models import ALPHABET, tiny_model

FILES: Final = ("music-flamingo-hf.Q4_K_M.gguf", "music-flamingo-hf.mmproj-f16.gguf")
"""The model and its projector, under the names that the registry has for music_flamingo_gguf."""
_TOOLS: Final = Path(__file__).parents[2] / ".tools" / "llama-server"
_CONVERTER: Final = _TOOLS / "converter"
_PROGRAM: Final = Path(__file__).with_name("convert_to_gguf.py")
_MERGES: Final = (("t", "o"), ("n", "e"))
_SAID: Final = frozenset("abcdefghijklmnopqrstuvwxyz.")
"""What it may say."""
_LAYERS: Final = 3
"""Fewer are refused by llama.cpp."""
_WIDTH: Final = 64
_LOUDNESS: Final = 8.0
"""How much larger than at the start of a training the weights are: with small ones the words do not depend on the sound."""
_LIMIT_SECONDS: Final = 120


def require_server() -> Path:
    """Return where llama-server lies, if the converter is there too; else skip the test."""
    own = _TOOLS / "llama-server"
    found = str(own) if own.exists() else shutil.which("llama-server")
    if found is None or not (_CONVERTER / "convert_hf_to_gguf.py").exists():
        pytest.skip("no llama-server: make test-captions puts one into .tools")
    return Path(found)


def tiny_gguf() -> Path:
    """Return a folder with the two `FILES` of a tiny model, which is made once and kept beside the server."""
    makers = (Path(__file__), Path(caption_models.__file__), _PROGRAM, _CONVERTER / ".version")
    made_by = hashlib.sha256(b"".join(one.read_bytes() for one in makers)).hexdigest()[:16]
    kept = _TOOLS / f"tiny-{made_by}"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=_TOOLS) as work:
            _make(Path(work) / "made", Path(work) / "published")
            (Path(work) / "made").rename(kept)
    return kept


def _make(folder: Path, published: Path) -> None:
    tiny_model(published, "audioflamingo3", layers=_LAYERS, width=_WIDTH, merges=_MERGES)
    _make_talkative(published / "model.safetensors", published / "tokenizer.json")
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, _PROGRAM, _CONVERTER, published, *(folder / name for name in FILES)],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=_LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _make_talkative(weights: Path, vocabulary: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    quiet = load_file(weights)
    tensors = {name: tensor * _LOUDNESS if tensor.dim() > 1 else tensor for name, tensor in quiet.items()}
    added = {one["content"]: one["id"] for one in json.loads(vocabulary.read_bytes())["added_tokens"]}
    said = [number for number, piece in enumerate(ALPHABET) if piece in _SAID] + [added["<|im_end|>"]]
    [head] = [name for name in tensors if name.endswith("lm_head.weight")]
    reachable = torch.zeros_like(tensors[head])
    reachable[said] = tensors[head][said]
    tensors[head] = reachable
    save_file(tensors, weights, metadata={"format": "pt"})
