"""The settings of separation: what takes a mix apart, and what becomes of the stems."""

from typing import Literal

from small_dataset_audio.config.section import Section, setting


class Separation(Section):
    """How a mix is taken apart into bass, drums, other and vocals."""

    backend: Literal["demucs", "roformer", "dsp"] = setting(
        "demucs",
        "What separates: demucs and roformer need weights; dsp is embedded, a rough approximation, and knows no vocals.",
    )
    demucs_model: Literal["htdemucs", "htdemucs_ft", "htdemucs_6s"] = setting(
        "htdemucs",
        "Which Demucs model: _ft is finer and four times slower, _6s also knows guitar and piano.",
    )
    roformer_model: str = setting(
        "bs_roformer_sw",
        "Which BS-RoFormer: its name in the list of models (sda models list), to which you can add your own.",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        allowed="the name of a model",
    )
    format: Literal["flac", "wav", "mp3", "ogg"] = setting(
        "flac", "The file format of the stems: flac has 24 bits, wav 32-bit floating point."
    )
    clipping: Literal["rescale", "clamp"] = setting(
        "rescale",
        "What happens when a stem would clip: rescale turns all stems of the track down together, "
        "clamp cuts the peaks off. Files in floating point (wav) never clip.",
    )
    weak_stems: Literal["leave_out", "keep", "mix_back"] = setting(
        "leave_out",
        "What happens to a stem that is nearly silent or mere noise, which is what a model makes of an instrument that "
        "is not there: leave_out writes none, mix_back adds it to other, keep writes it all the same.",
    )
    keep_extra_stems: bool = setting(
        default=False,
        description="Keep guitar and piano as stems of their own instead of adding them into other.",
    )
    instrumental: bool = setting(
        default=False, description="Also write the mix without its vocals, as instrumental, where there are vocals."
    )
    batch_size: int | None = setting(
        None,
        "How many pieces of a recording the model takes at once. Not set: 1 on the processor and on Apple GPUs; on other "
        "GPUs as many as a first piece shows to fit.",
        ge=1,
        le=64,
        examples=[4],
    )
    half_precision: bool = setting(
        default=False,
        description="Compute in 16 bits where that is possible, on CUDA and ROCm: quicker, and not quite the same stems.",
    )
