"""What is drawn of a recording: its waveform and its spectrogram, and the strokes on its drums.

- `levels`: a spectrogram and peaks, read block by block;
- `png`: the picture of a spectrogram;
- `draw`: both as files of the report, made again only when the sound changed;
- `strokes`: what a MIDI file says was hit when;
- `preview`: a small copy of a recording to listen to.
"""
