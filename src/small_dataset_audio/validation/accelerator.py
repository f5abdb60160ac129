"""Checks of torch, of the drivers beside it, and of the device that is chosen."""

import time

from small_dataset_audio.errors import DeviceError, EnvironmentFault
from small_dataset_audio.hardware.device import Choice, choose_device, device_line
from small_dataset_audio.hardware.drivers import AmdDriver, NvidiaDriver, amd_driver, nvidia_driver
from small_dataset_audio.hardware.runtime import TorchFacts, Variables, import_torch, torch_facts
from small_dataset_audio.validation.check import Check, Result

GROUP = "device"

# First driver version that runs programs of a CUDA major version (CUDA Compatibility, "Minor Version Compatibility").
_OLDEST_DRIVER = {"11": 450, "12": 525, "13": 580}

# Importing torch from a cold disk, and starting a GPU that sleeps, take their time.
_PATIENCE = 180.0

_CUDA_BUILD = "Install the CUDA build of torch: `uv sync --locked` without `--group cpu`."
_ROCM_BUILD = "Install the ROCm builds of torch and torchaudio to use the AMD GPU."


class DeviceCheck:
    """The check of the device; it keeps what was chosen for those who want to use it."""

    def __init__(self, requested: str, rocm: Variables | None) -> None:
        self._requested = requested
        self._rocm = rocm
        self.choice: Choice | None = None

    def checks(self) -> list[Check]:
        """Return the checks of drivers, torch and the device."""
        reinstall = "Install torch again: `uv sync --locked --reinstall-package torch`."
        return [
            Check("driver", GROUP, self.driver, "Run `nvidia-smi` to see what the driver says."),
            Check("torch", GROUP, self.torch, reinstall, needs_torch=True, critical=True, patience=_PATIENCE),
            Check(
                "device",
                GROUP,
                self.device,
                "Use --device cpu, and restart the machine if the device does not answer.",
                needs_torch=True,
                critical=True,
                patience=_PATIENCE,
            ),
        ]

    def driver(self) -> Result:
        """Return whether the torch build and the machine's drivers fit together."""
        return driver_result(torch_facts(), nvidia_driver(), amd_driver())

    def torch(self) -> Result:
        """Return whether torch can be imported."""
        start = time.perf_counter()
        try:
            torch = import_torch(self._rocm)
        except EnvironmentFault as fault:
            return Result("fail", fault.what, fault.why, fault.fix)
        facts = torch_facts()
        build = f", built for {facts.build.upper()} {facts.toolkit or ''}".rstrip() if facts is not None else ""
        return Result("ok", f"torch {torch.__version__}{build}", f"Imported in {time.perf_counter() - start:.1f} s.")

    def device(self) -> Result:
        """Return whether a device computes rightly, and which; keep the choice."""
        try:
            torch = import_torch(self._rocm)
        except EnvironmentFault:
            return Result("note", "No device was tested: torch cannot be imported.")
        try:
            self.choice = choose_device(self._requested, torch=torch, test_all=self._requested != "cpu")
        except DeviceError as error:
            return Result("fail", error.what, error.why, error.fix)
        return device_result(self.choice)


def device_result(choice: Choice) -> Result:
    """Return what the choice of a device means for the user."""
    line = device_line(choice).removeprefix("Device: ")
    failing = [device for device in choice.devices if not device.usable]
    if choice.warning is not None:
        fix = "Close other programs that use the device, restart the machine, or update its driver."
        return Result("warn", line, choice.warning, fix)
    if failing:
        detail = " ".join(f"{device.name} ({device.id}) cannot be used: {device.reason}." for device in failing)
        return Result("note", line, detail)
    return Result("ok", line, "It computes what the CPU computes." if choice.device.kind != "cpu" else None)


def driver_result(facts: TorchFacts | None, nvidia: NvidiaDriver | None, amd: AmdDriver | None) -> Result:
    """Return whether the torch build and the machine's drivers fit together.

    Args:
        facts: about the installed torch, None where there is none.
        nvidia: the NVIDIA driver, None where there is none.
        amd: the AMD driver, None where there is none.
    """
    if facts is None:
        return Result("note", "Not compared: torch is not installed.")
    if facts.build == "rocm":
        return _rocm_result(amd)
    if nvidia is not None:
        return _nvidia_result(facts, nvidia)
    if amd is not None:
        return Result(
            "note", f"There is an AMD GPU driver, but torch is built for {facts.build.upper()}.", None, _ROCM_BUILD
        )
    if facts.build == "cuda":
        detail = "Torch is built for CUDA and works on the CPU as well; the CPU build is 6 GB smaller."
        return Result("note", "There is no NVIDIA driver: the CPU is used.", detail)
    return Result("ok", "No driver is needed." if facts.build == "cpu" else "Apple's GPU needs no driver.")


def _nvidia_result(facts: TorchFacts, driver: NvidiaDriver) -> Result:
    """Return whether torch can use the NVIDIA card that is there."""
    name = f"NVIDIA driver {driver.version}" if driver.version else "NVIDIA driver"
    if driver.trouble is not None:
        fix = "Restart the machine (a driver that was just updated needs that), or install the driver again."
        return Result("warn", "The NVIDIA driver is installed but does not work.", f"nvidia-smi: {driver.trouble}", fix)
    if not driver.cards_visible:
        detail = "The driver is loaded, but no card is visible to this process: usual in a container without a GPU."
        fix = "Start the container with the GPU: `docker run --gpus all`, or the compose service sda-cuda."
        return Result("note", f"{name}, but no card.", detail, fix)
    if facts.build != "cuda":
        return Result("warn", f"{name}, but torch {facts.version} is built for the CPU only.", None, _CUDA_BUILD)
    needed = _OLDEST_DRIVER.get((facts.toolkit or "").partition(".")[0])
    if needed is not None and driver.version is not None and int(driver.version.partition(".")[0]) < needed:
        summary = f"{name} is too old for CUDA {facts.toolkit}, which torch is built for."
        return Result("warn", summary, None, f"Update the NVIDIA driver to {needed} or newer.")
    return Result("ok", f"{name} and torch for CUDA {facts.toolkit}")


def _rocm_result(amd: AmdDriver | None) -> Result:
    """Return whether torch for ROCm can use an AMD card."""
    if amd is None:
        return Result("note", "Torch is built for ROCm, but there is no AMD GPU driver: the CPU is used.")
    if not amd.accessible:
        fix = 'Join the groups that may: `sudo usermod -aG render,video "$USER"`, and log in again.'
        return Result("warn", "There is an AMD GPU, but you may not use /dev/kfd.", None, fix)
    return Result("ok", "AMD GPU driver and torch for ROCm")
