"""Drums, note by note: three ways to hear them, and the MIDI file that is written of what was heard.

`adtof` is a network with weights, `drumsep` takes the drums apart with another and listens to each, and `dsp` is the
embedded way without weights: approximate, and named so wherever its results appear.
"""
