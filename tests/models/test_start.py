"""What importing the room of models brings along: nothing that takes seconds, nothing that is optional."""

import subprocess
import sys

import pytest

PROGRAM = """
import importlib, pkgutil, sys
import small_dataset_audio.models as room

networks = {"small_dataset_audio.models.transcription.network"}  # classes of torch, imported where they are built
names = [found.name for found in pkgutil.walk_packages(room.__path__, "small_dataset_audio.models.")]
names = [name for name in names if name not in networks]
for name in names:
    importlib.import_module(name)
heavy = {"torch", "torchaudio", "onnxruntime", "transformers", "safetensors"}
optional = {"demucs", "bs_roformer", "beat_this", "audiobox_aesthetics"}
print(len(names), sorted((heavy | optional) & set(sys.modules)))
"""


@pytest.mark.process
def test_no_module_imports_torch_or_an_extra_before_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=True)
    count, _, loaded = done.stdout.strip().partition(" ")
    assert int(count) > 10
    assert loaded == "[]"
