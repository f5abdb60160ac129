"""One reader under libFuzzer (atheris): run as `python -m support.fuzz.guided NAME RUNS SEED`."""

import sys
import tempfile
from pathlib import Path
from typing import Final

import atheris

with atheris.instrument_imports(include=["small_dataset_audio.dataset", "small_dataset_audio.audio", "small_dataset_audio.config",
                                         "small_dataset_audio.models", "small_dataset_audio.pipeline.runlog"]):  # fmt: skip
    from support.fuzz.targets import target

_LONGEST: Final = 8192
"""Bytes of an input."""
_MEMORY: Final = 2048
"""MiB beyond which libFuzzer calls it a fault."""
_SECONDS: Final = 20


def main() -> None:
    """Look for inputs that reach new code, and end with an error at the first that is not borne."""
    name, runs, seed = sys.argv[1:4]
    chosen = target(name)
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for number, data in enumerate(chosen.seeds(Path(folder))):
            (corpus / str(number)).write_bytes(data)
        feeding = Path(folder) / "fed"
        limits = [
            f"-max_len={_LONGEST}",
            f"-rss_limit_mb={_MEMORY}",
            f"-timeout={_SECONDS}",
            f"-artifact_prefix={folder}/",
        ]
        words = [sys.argv[0], f"-atheris_runs={runs}", f"-seed={seed}", *limits, str(corpus)]
        atheris.Setup(words, lambda data: _fed(chosen.feed, feeding, data), enable_python_coverage=True)
        atheris.Fuzz()


def _fed(feed: object, folder: Path, data: bytes) -> None:
    feed(folder, bytes(data))  # type: ignore[operator]


if __name__ == "__main__":
    main()
