"""Rates of the device and of what surrounds it: products, copies, disk, decoder."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from small_dataset_audio.errors import SdaError
from small_dataset_audio.hardware.benchmark.disk import FULL_BYTES, QUICK_BYTES, NoDisk, nearest_folder, read_rate
from small_dataset_audio.hardware.benchmark.inside.rates import names
from small_dataset_audio.hardware.benchmark.machine import Opened
from small_dataset_audio.hardware.benchmark.nursery import Failed, Gone
from small_dataset_audio.hardware.benchmark.prober import START_SECONDS, begin
from small_dataset_audio.hardware.benchmark.spread import Spread, repeat

RUNS: Final = {True: 3, False: 5}
"""How often a rate is measured at least, in a quick benchmark and in a full one."""
SECONDS: Final = {True: 0.1, False: 0.6}
"""How long it is measured at least."""
_PATIENCE: Final = 60.0
NO_TIME: Final = "the time for the benchmark was over"


@dataclass
class Rates:
    """What was measured, and what was not, and why.

    Attributes:
        measured: name -> rate, in the unit of `profile.UNITS`.
        absent: name -> why it was not measured.
        free_bytes: what was free on the device before they were measured; None where it could not be opened.
    """

    measured: dict[str, Spread] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    free_bytes: int | None = None


def device_rates(machine: Opened, found: Rates, *, quick: bool, deadline: float) -> None:
    """Measure the rates of the device in a new child process, as far as time allows.

    Args:
        machine: the device.
        found: takes what is measured.
        quick: measure less closely.
        deadline: by `monotonic`.
    """
    begun = False
    for name in names():
        if monotonic() > deadline:
            found.absent[name] = NO_TIME
            continue
        try:
            watch = machine.new_watch()
            if not begun or machine.nursery.pid is None:
                machine.nursery.fresh(timeout=START_SECONDS, watch=watch)
                found.free_bytes = begin(machine.nursery, machine.target, watch).free_bytes
                begun = True
            request = {"do": "rate", "rate": name, "least": RUNS[quick], "seconds": SECONDS[quick]}
            answer = machine.nursery.ask(request, timeout=_PATIENCE, watch=watch)
            found.measured[name] = Spread.of(answer["values"])
        except Gone as gone:
            found.absent[name] = gone.reason
        except Failed as failure:
            found.absent[name] = str(failure)
        except SdaError as error:
            found.absent[name] = error.why


def disk_rate(folder: Path, found: Rates, *, quick: bool) -> None:
    """Measure how fast the disk of ``folder`` is read."""
    try:
        size = QUICK_BYTES if quick else FULL_BYTES
        values = read_rate(nearest_folder(folder), size, least=RUNS[quick], seconds=SECONDS[quick])
    except NoDisk as error:
        found.absent["disk_read"] = str(error)
    else:
        found.measured["disk_read"] = Spread.of(values)


def decode_rate(decode: Callable[[], float] | None, found: Rates, *, quick: bool) -> None:
    """Measure how many seconds of audio one core decodes per second.

    Args:
        decode: decodes some audio and returns how many seconds of audio it was.
        found: takes what is measured.
        quick: measure less closely.
    """
    if decode is None:
        found.absent["audio_decode"] = "nothing was given to decode"
        return
    try:
        audio = decode()
        times = repeat(decode, least=RUNS[quick], seconds=SECONDS[quick])
    except SdaError as error:
        found.absent["audio_decode"] = error.why
    else:
        found.measured["audio_decode"] = Spread.of(audio / took for took in times)
