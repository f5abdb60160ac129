"""Where sounds begin in a recording, and how: envelope, onsets, attack times, and the bandwidth that attacks reach.

How it hangs together: `envelope` follows the waveform's peaks; `onsets` finds the moments from which it rises, with the help of a
mel spectrum; `attack` tells how a rise runs; `bandwidth` follows how high the spectrum reaches over time.
"""
