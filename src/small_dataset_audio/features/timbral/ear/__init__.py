"""What the ear makes of a sound: specific loudness after Zwicker, frame by frame, and the models that read it.

How it hangs together: `octaves` measures third-octave levels in frames of 4096 samples; `tables` and `zwicker` turn them into
specific loudness (sone per Bark); `bark` weights that into sharpness, booming and the levels of the Bark ranges which warmth and
hardness ask for.
"""
