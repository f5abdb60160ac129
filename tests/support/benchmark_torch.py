"""A torch whose accelerator's memory a test decides: CUDA, ROCm or Metal, with its allocator's counters."""

from dataclasses import dataclass
from types import ModuleType, SimpleNamespace


@dataclass
class Accelerator:
    """Memory of one card, in bytes.

    Attributes:
        total: of the card.
        others: what other programs hold.
        context: what the driver takes for this process.
        reserved: what torch's allocator holds now.
        most: what it held at most.
        beside: what libraries took beside the allocator.
        recommended: the working set that Metal recommends.
        driver: what Metal's driver allocated for this process.
    """

    total: int = 1000
    others: int = 0
    context: int = 0
    reserved: int = 0
    most: int = 0
    beside: int = 0
    recommended: int = 0
    driver: int = 0
    fraction: float | None = None
    emptied: int = 0

    def free(self) -> int:
        return self.total - self.others - self.context - self.reserved - self.beside


def accelerated_torch(card: Accelerator, kind: str = "cuda") -> ModuleType:
    """Return a module that stands for torch on a machine with ``card``."""
    torch = ModuleType("torch")

    def fraction(part: float, _index: int = 0) -> None:
        card.fraction = part

    def empty() -> None:
        card.emptied += 1

    def reset(_index: int) -> None:
        card.most = card.reserved

    vars(torch).update(
        cuda=SimpleNamespace(
            is_initialized=lambda: kind == "cuda",
            set_device=lambda _index: None,
            mem_get_info=lambda _index: (card.free(), card.total),
            set_per_process_memory_fraction=fraction,
            reset_peak_memory_stats=reset,
            max_memory_reserved=lambda _index: max(card.most, card.reserved),
            memory_reserved=lambda _index: card.reserved,
            synchronize=lambda: None,
            empty_cache=empty,
        ),
        mps=SimpleNamespace(
            recommended_max_memory=lambda: card.recommended,
            driver_allocated_memory=lambda: card.driver,
            set_per_process_memory_fraction=fraction,
            synchronize=lambda: None,
            empty_cache=empty,
        ),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: kind == "mps")),
    )
    return torch
