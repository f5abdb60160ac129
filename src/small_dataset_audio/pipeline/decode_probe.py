"""Something to decode: how the benchmark measures the decoder, which the hardware room may not import."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SECONDS: Final = 10.0
RATE: Final = 44100
SEED: Final = 0
_LEVEL: Final = 0.1
_SMOOTH: Final = 64


@contextmanager
def decode_probe() -> Iterator[Callable[[], float]]:
    """Yield what decodes a FLAC file of ten seconds of stereo and returns how many seconds of audio it was.

    The file is noise whose spectrum falls with frequency, as that of music does, so that it compresses like music: FLAC
    decodes plain noise faster, and silence faster still. It is made when it is first asked for.

    Raises:
        AudioError: the file cannot be decoded. (Raised by what is yielded.)
        StoreError: it cannot be written. (Raised by what is yielded.)
    """
    with tempfile.TemporaryDirectory(prefix="sda-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "decode.flac"

        def decode_once() -> float:
            """Return how many seconds of sound were decoded."""
            from small_dataset_audio.audio.decode import decode  # noqa: PLC0415 - brings libsndfile, for this alone

            if not file.exists():
                _write(file)
            clip = decode(file)
            return float(clip.samples.shape[1] / clip.rate)

        yield decode_once


def _write(file: Path) -> None:
    import numpy as np  # noqa: PLC0415 - as above

    from small_dataset_audio.audio.encode import encode  # noqa: PLC0415 - as above

    noise = np.random.default_rng(SEED).standard_normal((2, round(SECONDS * RATE) + _SMOOTH - 1))
    total = np.cumsum(np.pad(noise, ((0, 0), (1, 0))), axis=1)
    smooth = (total[:, _SMOOTH:] - total[:, :-_SMOOTH]) / _SMOOTH**0.5
    encode(file, (_LEVEL * (smooth + _LEVEL * noise[:, _SMOOTH - 1 :])).astype(np.float32), RATE)
