"""``sda benchmark``: what the chosen device can do for audio training, measured and written down."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from small_dataset_audio.cli.options import AsJson
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import EXIT_FAILED, EXIT_OK, SdaError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.table import Table

    from small_dataset_audio.hardware.benchmark.machine import Surroundings
    from small_dataset_audio.hardware.benchmark.profile import Profile
    from small_dataset_audio.hardware.benchmark.recheck import Recheck
    from small_dataset_audio.hardware.benchmark.setup import Precision, Setup


def benchmark(
    context: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help="Measure less closely, in a fifth of the time.")] = False,
    force: Annotated[
        str | None, typer.Option("--force", metavar="", help="Measure everything again, also on a known machine.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Length of one example.", metavar="SECONDS")] = 1.0,
    channels: Annotated[int, typer.Option(help="Channels of one example.", metavar="N")] = 1,
    precision: Annotated[str, typer.Option(help="Precision of training.", metavar="fp32|bf16|fp16")] = "fp32",
    max_batch: Annotated[int, typer.Option(help="The largest batch to consider.", metavar="N")] = 4096,
    headroom: Annotated[float, typer.Option(help="The part of the free memory to leave free.", metavar="PART")] = 0.1,
    workload: Annotated[str, typer.Option(help="What is trained.", metavar="NAME")] = "autoencoder",
    time_limit: Annotated[
        float | None, typer.Option(help="How long it may take. Default: 85 s, or 16 s with --quick.", metavar="SECONDS")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the largest batch that this machine trains.

    Also the batch that trains fastest, and the rates of the device, the disk and the decoder. On a machine that is known,
    one point is run again instead of everything.
    """
    from small_dataset_audio.hardware.benchmark.setup import Setup
    from small_dataset_audio.hardware.benchmark.workloads import workload as known_workload

    session = session_of(context)
    known_workload(workload)
    setup = Setup(workload, seconds, channels, _precision(precision), max_batch, headroom, quick, time_limit)
    session.check_environment()
    profile, check = run_benchmark(session, setup, again=force is not None)
    if as_json:
        session.print_json(profile.document)
    else:
        show_profile(session, profile, check)
    raise typer.Exit(EXIT_OK if profile.max_batch_size is not None else EXIT_FAILED)


def run_benchmark(session: Session, setup: "Setup", *, again: bool) -> "tuple[Profile, Recheck | None]":
    """Return the profile of the device, stored and written into the settings; on a known machine, what a check found.

    Args:
        session: the invocation.
        setup: what is measured.
        again: measure everything, also where a profile of this machine is stored.

    Raises:
        SdaError: the device cannot be used, or the reports folder or the settings cannot be written.
    """
    from small_dataset_audio.hardware.benchmark.machine import opened
    from small_dataset_audio.hardware.benchmark.measure import measure
    from small_dataset_audio.hardware.benchmark.profile import load
    from small_dataset_audio.hardware.benchmark.recheck import recheck, why_measure
    from small_dataset_audio.hardware.benchmark.report.page import write_page
    from small_dataset_audio.pipeline.decode_probe import decode_probe

    reports = session.loaded.settings.paths.reports
    try:
        stored = load(reports)
    except StoreError as error:
        session.terminal.warn(f"{error.what} {error.why} Everything is measured again.")
        stored = None
    check: Recheck | None = None
    with decode_probe() as decode, opened(surroundings(session, stored, decode), setup.headroom) as machine:
        why = "Everything is measured again, as you asked." if again else why_measure(stored, machine, setup)
        if why is None and stored is not None:
            check = recheck(machine, setup, stored)
            why = None if check.ok else f"{check.sentence} Everything is measured again."
        if why is None and stored is not None and check is not None:
            profile = stored.with_verified(check.as_dict())
        else:
            session.terminal.status(why or "")
            check = None
            profile = measure(machine, setup)
    profile.save(reports)
    write_page(profile, reports)
    if check is None:
        write_settings(session, profile, stored)
    return profile, check


def surroundings(
    session: Session, stored: "Profile | None", decode: "Callable[[], float] | None" = None
) -> "Surroundings":
    """Return what the benchmark works with, by the settings."""
    import os

    from small_dataset_audio.hardware.benchmark.machine import Surroundings
    from small_dataset_audio.hardware.memory import GIB
    from small_dataset_audio.hardware.runtime import prepare_environment

    settings = session.loaded.settings
    environ = dict(os.environ)
    prepare_environment(settings.rocm, environ)
    limit = own_limit(session, stored)
    return Surroundings(
        device=settings.hardware.device,
        data=settings.paths.datasets,
        environ=environ,
        limit_bytes=None if limit is None else int(limit * GIB),
        decode=decode,
        say=session.terminal.status,
    )


def own_limit(session: Session, stored: "Profile | None") -> float | None:
    """Return the memory limit that the user set, in GiB; what an earlier benchmark wrote is not one."""
    limit = session.loaded.settings.hardware.memory_limit_gb
    written = stored.memory_limit_gb if stored is not None else None
    return None if limit == written else limit


def write_settings(session: Session, profile: "Profile", stored: "Profile | None") -> None:
    """Write the batch sizes and the memory budget into the settings file; a limit that the user set stays.

    What could not be found this time is taken out: an old number would be wrong.
    """
    from small_dataset_audio.config.load import writing_place
    from small_dataset_audio.config.save import set_value, unset_value

    file = writing_place(session.config)
    # The best batch may never be above the largest, also not between the two changes: it is taken out first.
    values: list[tuple[str, float | None]] = [
        ("hardware.best_batch_size", None),
        ("hardware.max_batch_size", profile.max_batch_size),
        ("hardware.best_batch_size", profile.best_batch_size),
    ]
    if own_limit(session, stored) is None:
        values.append(("hardware.memory_limit_gb", profile.memory_limit_gb))
    try:
        for key, value in values:
            if value is not None:
                set_value(file, key, str(value))
            elif file.exists():
                unset_value(file, key)
    except SdaError as error:
        session.terminal.warn(f"{error.what} {error.why} The results are in the reports folder all the same.")
        return
    session.terminal.status(f"Settings written: [hardware] in {file}")


def show_profile(session: Session, profile: "Profile", check: "Recheck | None") -> None:
    """Write what was found: sentences, a table, a plot, where the rest is."""
    from small_dataset_audio.hardware.benchmark.report.page import FILE
    from small_dataset_audio.hardware.benchmark.report.plot import plot
    from small_dataset_audio.hardware.benchmark.report.words import answer

    show = session.terminal.result
    if check is not None:
        (session.terminal.warn if check.differs else show)(f"This machine is known. {check.sentence}")
    for sentence in answer(profile):
        show(sentence)
    show()
    show(_throughput_table(profile))
    out = session.terminal.out
    for line in plot(profile.points, profile.best_batch_size, width=out.width, encoding=out.encoding):
        show(line)
    show()
    show(_rates_table(profile))
    show(f"\nPage with the curves: {_page(session, FILE)}")


def _throughput_table(profile: "Profile") -> "Table":
    from rich.table import Table

    from small_dataset_audio.hardware.benchmark.report.words import number, seconds

    peaks = {probe["batch"]: probe["peak_bytes"] for probe in profile.document["probes"] if probe["ok"]}
    table = Table("batch", "step", "s of audio\nper second", "spread", "peak memory", box=None, pad_edge=False)
    for point in profile.points:
        speed = point.audio_seconds_per_second
        names = {profile.best_batch_size: " best", profile.max_batch_size: " largest"}
        peak = peaks.get(point.batch)
        table.add_row(
            f"{point.batch}{names.get(point.batch, '')}",
            seconds(point.step_seconds.median),
            number(speed.median),
            f"{number(speed.low)} to {number(speed.high)}",
            "not known" if peak is None else f"{peak / 2**30:.2f} GiB",
        )
    return table


def _rates_table(profile: "Profile") -> "Table":
    from rich.table import Table

    from small_dataset_audio.hardware.benchmark.report.words import RATES, rate

    table = Table("rate", "median (least to most)", box=None, pad_edge=False)
    for name, words in RATES.items():
        found = profile.rate(name)
        if found is not None:
            table.add_row(words, rate(found, profile.document["rates"][name]["unit"]))
    return table


def _page(session: Session, name: str) -> Path:
    return session.loaded.settings.paths.reports / name


def _precision(text: str) -> "Precision":
    """Return ``text`` as a precision; `Setup` says so if it is none."""
    return text  # type: ignore[return-value]
