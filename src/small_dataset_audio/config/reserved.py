"""Sections whose stages are still to come: read and checked like all others, used by no stage yet."""

from typing import Annotated, Any, Literal

from pydantic import Field

from small_dataset_audio.config.section import Section, setting

PROMPT_PATTERN = r"^([^{}]|\{genres\}|\{metadata\})*$"
"""A prompt is text in which braces are kept for these two placeholders."""

CaptionKind = Literal["full", "technical", "genre_mood", "instrumentation", "structure"]


class Separation(Section):
    """How a mix is taken apart into bass, drums, other and vocals."""

    backend: Literal["demucs", "roformer", "dsp"] = setting(
        "demucs",
        "What separates: demucs and roformer need weights; dsp is embedded and a rough approximation.",
        used=False,
    )
    demucs_model: Literal["htdemucs", "htdemucs_ft", "htdemucs_6s"] = setting(
        "htdemucs",
        "Which Demucs model: _ft is finer and four times slower, _6s also knows guitar and piano.",
        used=False,
    )
    format: Literal["flac", "wav", "mp3", "ogg"] = setting("flac", "The file format of the stems.", used=False)
    clipping: Literal["rescale", "clamp"] = setting(
        "rescale",
        "What happens to a stem that would clip: rescale turns all stems of the track down together, "
        "clamp cuts the peaks off.",
        used=False,
    )
    keep_extra_stems: bool = setting(
        default=False,
        description="Keep guitar and piano as stems of their own instead of adding them into other.",
        used=False,
    )
    instrumental: bool = setting(
        default=False, description="Also write the mix without vocals, as an instrumental track.", used=False
    )


def _prompt(caption: CaptionKind) -> Any:  # noqa: ANN401 - as `setting`
    """Return the declaration of the prompt for one caption."""
    return setting(
        "",
        f'Your own prompt for the caption "{caption}". Empty: the built-in one.',
        used=False,
        pattern=PROMPT_PATTERN,
        allowed="text; {genres} and {metadata} are filled in, other braces cannot be used",
    )


class Captions(Section):
    """How tracks are described in words."""

    backend: Literal["llama-server", "transformers", "endpoint"] = setting(
        "llama-server",
        "What writes the captions: a llama-server that sda starts itself, transformers, or an endpoint of yours.",
        used=False,
    )
    endpoint: str = setting(
        "",
        "The address of an OpenAI-compatible server, for the backend endpoint.",
        used=False,
        pattern=r"^(https?://[^\s]+)?$",
        allowed='an address that begins with http:// or https://, or ""',
    )
    quantisation: Literal["Q8_0", "Q6_K", "Q4_K_M", "IQ3_M"] = setting(
        "Q4_K_M", "How finely the weights are stored, from the largest (Q8_0) to the smallest (IQ3_M).", used=False
    )
    attention: Literal["sdpa", "flash_attention_2"] = setting(
        "sdpa", "How the backend transformers computes attention.", used=False
    )
    max_tokens: int = setting(512, "The longest answer, in tokens.", used=False, ge=1, le=32768)
    temperature: float = setting(
        0.0, "0 gives the same words at every run; higher values vary them.", used=False, ge=0.0, le=2.0
    )
    prompts: Annotated[list[CaptionKind], Field(min_length=1)] = setting(
        ["full", "technical", "genre_mood", "instrumentation", "structure"],
        "Which captions are written for every track.",
        used=False,
    )
    prompt_full: str = _prompt("full")
    prompt_technical: str = _prompt("technical")
    prompt_genre_mood: str = _prompt("genre_mood")
    prompt_instrumentation: str = _prompt("instrumentation")
    prompt_structure: str = _prompt("structure")


class Metadata(Section):
    """Where release year, artists, album and identifiers come from."""

    sources: list[Literal["tags", "musicbrainz", "acoustid", "spotify", "tidal"]] = setting(
        ["tags", "musicbrainz"],
        "Where to look, in this order. Credentials for spotify and tidal come from the environment only.",
        used=False,
    )
    normalise_names: bool = setting(
        default=False,
        description="Rewrite the names of track folders with characters that the T5 tokenizer knows.",
        used=False,
    )


class Crops(Section):
    """How tracks are cut into pieces of the length that a generator trains on."""

    seconds: float = setting(47.5, "The longest crop, in seconds.", used=False, ge=1.0, le=600.0)
    beat_aligned: bool = setting(
        default=True, description="Let crops begin and end on downbeats, where there are beats.", used=False
    )
    four_bars: bool = setting(
        default=False, description="Only crops whose number of bars is a multiple of four.", used=False
    )
    overlap: bool = setting(
        default=False, description="Let each crop begin halfway through the one before.", used=False
    )
    fade_ms: float = setting(10.0, "The fade at both ends, in milliseconds.", used=False, ge=0.0, le=1000.0)
    silence_dbfs: float = setting(
        -72.0, "Crops that never get louder than this are left out.", used=False, ge=-140.0, le=0.0
    )
    skip_stems: bool = setting(default=False, description="Crop the mix only, not its stems.", used=False)
