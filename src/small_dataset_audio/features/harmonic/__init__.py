"""Pitch content: constant-Q chroma, harmonic pitch class profile, tonal interval vector, key, and harmonic change.

How it hangs together: `pitchband` brings every channel to one low rate; `peaks` finds spectral peaks and the tuning; `hpcp`
makes pitch class profiles of them, `tiv` and `tonic` read those; `constantq` is the transform under `chroma` (of the whole mix)
and `change` (of single stems); `family` says what is measured on what.
"""

from small_dataset_audio.features.harmonic.family import FAMILY

__all__ = ["FAMILY"]
