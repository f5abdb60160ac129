"""Music Flamingo inside this process, through transformers."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.config.captions import Captions
from small_dataset_audio.errors import DeviceError, EnvironmentFault, ModelError
from small_dataset_audio.hardware.oom import guard
from small_dataset_audio.hardware.runtime import import_torch, torch_build
from small_dataset_audio.models.captioning.chat import Answer
from small_dataset_audio.models.captioning.listening import RATE
from small_dataset_audio.models.opening import extra

_EXTRA: Final = "captions"
_FULL_BITS: Final = 16


class NativeModel:
    """A caption model that transformers runs.

    Attributes:
        seconds: how much of a recording it can hear.
    """

    def __init__(self, folder: Path, settings: Captions, device: str) -> None:
        """Load the model in ``folder``, as transformers saves it; nothing is fetched and no code of it is run.

        Raises:
            EnvironmentFault: transformers, or what the settings ask for, is not installed or not to be had on this device.
            ModelError: the folder holds no such model.
        """
        _refuse_what_cannot_be(settings, device)
        self._settings = settings
        self._device = device
        self._torch = import_torch()
        transformers = extra("transformers", _EXTRA)
        transformers.utils.logging.disable_progress_bar()  # it would draw over that of the run
        with_bits: dict[str, Any] = {}
        if settings.weight_bits != _FULL_BITS:
            bits = {f"load_in_{settings.weight_bits}bit": True}
            with_bits = {"quantization_config": transformers.BitsAndBytesConfig(**bits), "device_map": device}
        try:
            self._processor = transformers.AutoProcessor.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            model = transformers.AutoModelForSeq2SeqLM.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=self._dtype(),
                attn_implementation=settings.attention,
                **with_bits,
            )
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
            raise ModelError(
                f"The caption model in {folder} cannot be loaded.",
                f"{type(error).__name__}: {' '.join(str(error).split())[:300]}",
                "Run `sda models verify` on it; transformers 5.5 or newer is needed for Music Flamingo.",
            ) from error
        self._model = model.eval() if with_bits else model.to(device).eval()
        self.seconds = float(getattr(self._processor, "max_audio_len", 600))

    def ask(self, question: str, samples: NDArray[np.float32] | None, max_tokens: int) -> Answer:
        """Return the answer to ``question`` about ``samples`` ``[shape=(n,)]`` at 16 kHz, if there are any.

        Raises:
            OutOfMemory: the device has not enough memory.
        """
        parts: list[dict[str, str]] = [{"type": "text", "text": question}]
        if samples is not None:
            parts.append({"type": "audio", "path": "the recording"})  # the template writes the place, never opens it
        text = self._processor.apply_chat_template(
            [{"role": "user", "content": parts}], tokenize=False, add_generation_prompt=True
        )
        heard: dict[str, Any] = {} if samples is None else {"audio": [samples], "sampling_rate": RATE}
        with guard("writing a caption", device=self._device), self._torch.inference_mode():
            inputs = self._processor(text=[text], **heard).to(self._device)
            if "input_features" in inputs:
                inputs["input_features"] = inputs["input_features"].to(self._model.dtype)
            made = self._model.generate(**inputs, max_new_tokens=max_tokens, **self._sampling())
        told = made[0, inputs["input_ids"].shape[1] :]
        answer: str = self._processor.decode(told, skip_special_tokens=True)
        return Answer(answer, complete=told.shape[0] < max_tokens)

    def close(self) -> None:
        """Do nothing: the model goes with the process."""

    def _sampling(self) -> dict[str, Any]:
        if self._settings.temperature == 0.0:
            return {"do_sample": False}
        self._torch.manual_seed(0)
        return {"do_sample": True, "temperature": self._settings.temperature}

    def _dtype(self) -> Any:  # noqa: ANN401 - torch.dtype, which is not imported here
        kind = self._device.partition(":")[0]
        return {"cuda": self._torch.bfloat16, "mps": self._torch.float16}.get(kind, self._torch.float32)


def _refuse_what_cannot_be(settings: Captions, device: str) -> None:
    """Raise where the settings ask for what this device cannot do."""
    on_cuda = device.startswith("cuda")
    if settings.weight_bits != _FULL_BITS:
        if not on_cuda or torch_build() == "rocm":
            raise DeviceError(
                f"Weights of {settings.weight_bits} bits cannot be used on this device.",
                "bitsandbytes, which packs them, works with CUDA; on ROCm its kernels give wrong results or none.",
                "Set captions.weight_bits to 16, or use the backend llama-server, which packs weights on every device.",
            )
        extra("bitsandbytes", _EXTRA)
    if settings.attention == "flash_attention_2":
        if not on_cuda:
            raise DeviceError(
                "flash_attention_2 cannot be used on this device.",
                "It is written for CUDA and ROCm.",
                "Set captions.attention to sdpa.",
            )
        try:
            extra("flash_attn", _EXTRA)
        except EnvironmentFault as error:
            raise EnvironmentFault(
                "flash_attention_2 is not installed.",
                error.why,
                "Install the package flash-attn for your torch, or set captions.attention to sdpa.",
            ) from error
