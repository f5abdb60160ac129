"""What torch and drivers raise when a device does not work, and how it is told."""

# RuntimeError covers torch's out-of-memory, accelerator and not-implemented errors; AssertionError is what a build
# without a backend raises.
DEVICE_FAILURES = (RuntimeError, AssertionError, OSError, ValueError)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message without its full stop, or its type where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(" .") if lines else type(error).__name__
