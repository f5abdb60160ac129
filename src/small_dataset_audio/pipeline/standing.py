"""How far a track has come: which of the stages asked for still have to run on it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.identity import audio_identity
from small_dataset_audio.dataset.info import read_provenance
from small_dataset_audio.dataset.layout import Track, listing
from small_dataset_audio.dataset.once import asked_once
from small_dataset_audio.pipeline.request import Request
from small_dataset_audio.pipeline.stage import Job, Stage


class Standing:
    """How far tracks have come with the stages of a request.

    What the stages are with these settings is worked out once, and not for every track: it takes a look at the weights
    and at the packages that are installed.

    Attributes:
        deleted: stage -> for how many of the tracks it counts as done although all recordings that it made are gone.
    """

    def __init__(self, request: Request, settings: Settings) -> None:
        self._force = request.force
        self._stages = [stage for stage in request.stages if stage.records]
        self._hashes = {stage.name: stage.settings_hash(settings) for stage in self._stages}
        self.deleted: Counter[str] = Counter()

    def missing(self, made: Mapping[str, Any], track: Track) -> tuple[str, ...]:
        """Return the stages that still have to run on ``track``, given its provenance.

        A stage is done when ``.INFO`` says that this stage, at this version and with these settings, ran on this audio and
        on these other inputs (stems), and the files that it wrote are there. It runs again when it is forced, or when a
        stage whose results it builds on does.

        Raises:
            SdaError: the recording, or what the stages look at beside it, cannot be read.
        """
        if not self._stages:
            return ()
        records = made.get("stages", {})
        missing: list[str] = []
        sha256 = audio_identity(track, remember=False)["sha256"]
        for stage in self._stages:
            again = stage.name in self._force or any(name in missing for name in stage.needs)
            if again or not self._current(stage, records.get(stage.name, {}), track, sha256):
                missing.append(stage.name)
        return tuple(missing)

    def _current(self, stage: Stage, record: Mapping[str, Any], track: Track, sha256: str) -> bool:
        """Whether a stage would make what it recorded, and that is there; its inputs are looked at last: they cost most."""
        return (
            record.get("version") == stage.version
            and record.get("settings_hash") == self._hashes[stage.name]
            and record.get("audio_sha256") == sha256
            and self._kept(stage, record, track)
            and record.get("inputs", {}) == stage.inputs(track, False)
        )

    def _kept(self, stage: Stage, record: Mapping[str, Any], track: Track) -> bool:
        """Whether the files that a stage wrote are there, or gone because the user wants to do without them."""
        files = record.get("files")
        if not isinstance(files, list) or not files:  # older versions did not note them
            return True
        names = listing(track).names
        lost = sum((track.name + name if str(name).startswith(".") else name) not in names for name in files)
        if lost < len(files) or not stage.deletable:
            return not lost
        self.deleted[stage.name] += 1
        return True

    def steps(self, track: Track) -> tuple[str, ...]:
        """Return the stages that still have to run on a track or crop.

        Raises:
            SdaError: its ``.INFO`` or its recording cannot be read.
        """
        return self.missing(read_provenance(track.beside("INFO")), track)

    def job(self, track: Track) -> Job | None:
        """Return what is left to do on a track or crop; None where that is nothing.

        Raises:
            SdaError: its ``.INFO`` or its recording cannot be read.
        """
        with asked_once():
            steps = self.steps(track)
        return Job(track, steps, None, self._force & set(steps)) if steps else None
