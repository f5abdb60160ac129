"""The environment variables that sda sets for AMD devices before torch is imported.

They are set only on a ROCm build of torch and never over what the user exported; `hardware.runtime` sees to both.
"""

from typing import Literal

from small_dataset_audio.config.section import Section, extra_of, setting

_PRINTABLE = r"^[!-~]*$"
"""Visible ASCII without spaces: what the value of such a variable may hold."""

Switch = Literal["", "0", "1"]


class Rocm(Section):
    """Environment variables for AMD devices.

    They are set on ROCm builds of torch only, and never over what you exported. An empty text ("") leaves a variable
    alone.
    """

    flash_attention_triton: Literal["", "TRUE", "FALSE"] = setting(
        "TRUE",
        "Let flash attention use its Triton kernels, the only ones for AMD's consumer cards.",
        variable="FLASH_ATTENTION_TRITON_AMD_ENABLE",
    )
    tunableop_enabled: Switch = setting(
        "1", "Use matrix kernels that were tuned earlier.", variable="PYTORCH_TUNABLEOP_ENABLED"
    )
    tunableop_tuning: Switch = setting(
        "0",
        "Tune matrix kernels while working: the first pass takes very long.",
        variable="PYTORCH_TUNABLEOP_TUNING",
    )
    alloc_conf: str = setting(
        "garbage_collection_threshold:0.8,max_split_size_mb:512",
        "How torch's memory allocator keeps and splits blocks; these values fight fragmentation "
        "(handed on as PYTORCH_HIP_ALLOC_CONF before ROCm 7.2).",
        variable="PYTORCH_ALLOC_CONF",
        pattern=_PRINTABLE,
        allowed='name:value pairs with commas between them and no spaces, or ""',
    )
    force_dev_kernarg: Switch = setting(
        "1",
        "Keep kernel arguments in device memory, which starts kernels faster.",
        variable="HIP_FORCE_DEV_KERNARG",
    )
    torch_compile: Switch = setting(
        "0",
        "Whether torch.compile is used; it is unreliable on AMD's consumer cards.",
        variable="TORCH_COMPILE",
    )
    miopen_find_mode: str = setting(
        "",
        "How MIOpen looks for the best convolution. Left alone on purpose: some modes freeze the machine for minutes. "
        "Set it only if AMD's documents tell you to.",
        variable="MIOPEN_FIND_MODE",
        pattern=r"^[A-Z0-9_]*$",
        allowed='a mode of MIOpen such as "NORMAL" or "FAST", or its number, or ""',
    )

    def variables(self) -> dict[str, str]:
        """Return environment variable -> value, without those that are to be left alone.

        The allocator's variable goes by its present name, ``PYTORCH_ALLOC_CONF``; before ROCm 7.2 it was
        ``PYTORCH_HIP_ALLOC_CONF``, and only `hardware.runtime` knows which ROCm there is.
        """
        named = {str(extra_of(field)["variable"]): getattr(self, key) for key, field in type(self).model_fields.items()}
        return {variable: value for variable, value in named.items() if value != ""}
