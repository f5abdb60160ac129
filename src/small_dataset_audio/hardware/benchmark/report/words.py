"""Numbers of a profile in words and units."""

from typing import Final

from small_dataset_audio.hardware.benchmark.profile import Profile
from small_dataset_audio.hardware.benchmark.spread import Spread
from small_dataset_audio.hardware.memory import GIB

RATES: Final = {
    "matmul_fp32": "matrix product, single precision",
    "matmul_tf32": "matrix product, TensorFloat-32",
    "matmul_bf16": "matrix product, bfloat16",
    "copy": "copying within the device",
    "host_to_device": "copying to the device",
    "disk_read": "reading from the disk of the recordings",
    "audio_decode": "decoding audio, one core",
}

_SCALES: Final = {
    "FLOP/s": ((1e12, "TFLOP/s"), (1e9, "GFLOP/s"), (1e6, "MFLOP/s")),
    "B/s": ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s")),
    "s/s": ((1.0, "s of audio per second"),),
}

BOUNDS: Final = {
    "memory": "one step larger does not fit",
    "ceiling": "the ceiling of --max-batch; memory may allow more",
    "time": "the time for the benchmark ended the search; --time-limit allows more",
    "processes": "probes were lost before the end of the search; it is at least this",
}


def rate(value: Spread, unit: str) -> str:
    """Return a rate with its spread: "288 GFLOP/s (286 to 305)"."""
    scale, name = next((one for one in _SCALES[unit] if value.median >= one[0]), _SCALES[unit][-1])
    median, low, high = (number(part / scale) for part in (value.median, value.low, value.high))
    return f"{median} {name} ({low} to {high})"


def number(value: float) -> str:
    """Return a number with three significant digits, never with an exponent."""
    if value == 0:
        return "0"
    for limit, decimals in ((100, 0), (10, 1), (1, 2), (0.1, 3)):
        if abs(value) >= limit:
            return f"{value:,.{decimals}f}"
    return f"{value:.4f}"


def gib(value: float | None) -> str:
    """Return bytes in GiB, or that they are not known."""
    return "not known" if value is None else f"{value / GIB:.2f} GiB"


def seconds(value: float) -> str:
    """Return a duration in the unit that suits it."""
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.2f} s"


def answer(profile: Profile) -> list[str]:
    """Return the outcome of a benchmark in sentences."""
    document = profile.document
    if profile.max_batch_size is None:
        return [str(document["reason"]), str(document["advice"])]
    example = f"example{'' if profile.max_batch_size == 1 else 's'} of {document['settings']['seconds']:g} s"
    lines = [f"Largest batch: {profile.max_batch_size} {example} ({BOUNDS[document['limited_by']]})."]
    projected = document["projected_batch_size"]
    if document["limited_by"] in {"time", "ceiling"} and projected is not None and projected > profile.max_batch_size:
        lines.append(
            f"Memory alone would allow about {projected}, by the line through what was measured; it was not run."
        )
    best = profile.point(profile.best_batch_size or 0)
    if best is not None:
        speed = number(best.audio_seconds_per_second.median)
        lines.append(
            f"Best batch: {best.batch}, the smallest with nearly the best throughput: {speed} s of audio per second."
        )
    memory = document["memory"]
    limit = f"; {memory['limited_by']}" if memory["limited_by"] else ""
    headroom = document["settings"]["headroom"]
    lines.append(
        f"Memory: {gib(memory['budget_bytes'])} may be taken of {gib(memory['free_bytes'])} free ({headroom:.0%} headroom{limit})."
    )
    return lines
