"""The engine on a cluster that is not there: `fake_ray` in Ray's place, and what nodes usually answer."""

from typing import TYPE_CHECKING, Any, cast

from small_dataset_audio.config.model import Settings
from small_dataset_audio.pipeline.cluster import remote
from small_dataset_audio.pipeline.cluster.engine import RayEngine
from small_dataset_audio.pipeline.cluster.preflight import Preflight
from small_dataset_audio.pipeline.stage import Bench
from small_dataset_audio.pipeline.worker import StepResult
from support.fake_ray import FakeRay, Ref
from support.fake_stages import REGISTRY

if TYPE_CHECKING:
    from types import ModuleType

BENCH = Bench(Settings(), "cpu", REGISTRY)


def fit(ref: Ref) -> dict[str, Any]:
    """Return what a node answers that can take part."""
    return {**remote.facts(*ref.arguments), "locked": True}


def done(ref: Ref) -> StepResult:
    """Return what a step answers that went well."""
    name, job, _ = ref.arguments
    return StepResult(job, name, 0.1, 1, 1)


def usual(ref: Ref) -> object:
    """Return what a promise leads to on a node without faults."""
    return fit(ref) if ref.name == "facts" else done(ref)


def opened(ray: FakeRay, preflight: Preflight, bench: Bench = BENCH) -> RayEngine:
    """Return an engine that asked nobody yet."""
    return RayEngine(cast("ModuleType", ray), bench, preflight)
