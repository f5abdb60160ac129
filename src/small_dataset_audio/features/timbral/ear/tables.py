"""The tables of Zwicker's loudness model, for third-octave levels in a free sound field.

Source: DIN 45631 (1991) and ISO 532-1 (2017), method for stationary sounds; Zwicker, Fastl, Widmann, Kurakata, Kuwano & Namba (1991),
Program for calculating loudness according to DIN 45631, J. Acoust. Soc. Jpn. (E) 12(1).
"""

from typing import Final

import numpy as np

LOW_BANDS: Final = 11
"""Third-octave bands from 25 to 250 Hz, which are weighted by level and then joined into three critical bands."""
JOINED: Final = (0, 6, 9, 11)
"""Edges of those three among the low bands: 25 to 80, 100 to 160, 200 and 250 Hz."""
CRITICAL_BANDS: Final = 20
"""The three joined bands, and each third-octave band from 315 Hz to 12.5 kHz."""

LEVEL_RANGES: Final = np.array([45.0, 55.0, 65.0, 71.0, 80.0, 90.0, 100.0, 120.0])
"""RAP: upper ends of the ranges of level in which the low-frequency correction is constant, in dB."""
LOW_CORRECTION: Final = np.array([
    [-32, -24, -16, -10, -5, 0, -7, -3, 0, -2, 0],
    [-29, -22, -15, -10, -4, 0, -7, -2, 0, -2, 0],
    [-27, -19, -14, -9, -4, 0, -6, -2, 0, -2, 0],
    [-25, -17, -12, -9, -3, 0, -5, -2, 0, -2, 0],
    [-23, -16, -11, -7, -3, 0, -4, -1, 0, -1, 0],
    [-20, -14, -10, -6, -3, 0, -4, -1, 0, -1, 0],
    [-18, -12, -9, -6, -2, 0, -3, -1, 0, -1, 0],
    [-15, -10, -8, -4, -2, 0, -3, -1, 0, -1, 0],
], dtype=np.float64)  # fmt: skip
"""DLL: correction of the low bands along the equal-loudness contours, in dB, by range of level and band."""
THRESHOLD: Final = np.array([30.0, 18, 12, 8, 7, 6, 5, 4, *[3] * 12])
"""LTQ: level at the threshold in quiet of each critical band, in dB."""
OUTER_EAR: Final = np.array([0.0] * 10 + [-0.5, -1.6, -3.2, -5.4, -5.6, -4, -1.5, 2, 5, 12])
"""A0: attenuation on the way to the inner ear, in dB."""
BAND_CORRECTION: Final = np.array(
    [-0.25, -0.6, -0.8, -0.8, -0.5, 0, 0.5, 1.1, 1.5, 1.7, 1.8, 1.8, 1.7, 1.6, 1.4, 1.2, 0.8, 0.5, 0, -0.5]
)
"""DCB: difference between the level of a third-octave band and that of the critical band, in dB."""
THRESHOLD_FACTOR: Final = 0.25
"""Share by which a sound at threshold is masked by internal noise."""

UPPER_EDGES: Final = np.array(
    [9, 18, 28, 35, 44, 54, 66, 79, 92, 106, 123, 138, 152, 167, 181, 193, 206, 218, 227, 236, 240]
)
"""ZUP: upper edges of the critical bands and of what lies above them, in tenths of a Bark."""
STEPS: Final = 240
"""Places at which specific loudness is given: every tenth of a Bark from 0.1 to 24."""
LOUDNESS_RANGES: Final = np.array(
    [21.5, 18, 15.1, 11.5, 9, 6.1, 4.4, 3.1, 2.13, 1.36, 0.82, 0.42, 0.30, 0.22, 0.15, 0.10, 0.035, 0]
)
"""RNS: lower ends of the ranges of specific loudness in which the upper slope is constant, in sone per Bark."""
SLOPES: Final = np.array([
    [13.0, 8.2, 6.3, 5.5, 5.5, 5.5, 5.5, 5.5],
    [9.0, 7.5, 6.0, 5.1, 4.5, 4.5, 4.5, 4.5],
    [7.8, 6.7, 5.6, 4.9, 4.4, 3.9, 3.9, 3.9],
    [6.2, 5.4, 4.6, 4.0, 3.5, 3.2, 3.2, 3.2],
    [4.5, 3.8, 3.6, 3.2, 2.9, 2.7, 2.7, 2.7],
    [3.7, 3.0, 2.8, 2.35, 2.2, 2.2, 2.2, 2.2],
    [2.9, 2.3, 2.1, 1.9, 1.8, 1.7, 1.7, 1.7],
    [2.4, 1.7, 1.5, 1.35, 1.3, 1.3, 1.3, 1.3],
    [1.95, 1.45, 1.3, 1.15, 1.1, 1.1, 1.1, 1.1],
    [1.5, 1.2, 0.94, 0.86, 0.82, 0.82, 0.82, 0.82],
    [0.72, 0.67, 0.64, 0.63, 0.62, 0.62, 0.62, 0.62],
    [0.59, 0.53, 0.51, 0.50, 0.42, 0.42, 0.42, 0.42],
    [0.40, 0.33, 0.26, 0.24, 0.24, 0.22, 0.22, 0.22],
    [0.27, 0.21, 0.20, 0.18, 0.17, 0.17, 0.17, 0.17],
    [0.16, 0.15, 0.14, 0.12, 0.11, 0.11, 0.11, 0.11],
    [0.12, 0.11, 0.10, 0.08, 0.08, 0.08, 0.08, 0.08],
    [0.09, 0.08, 0.07, 0.06, 0.06, 0.06, 0.06, 0.05],
    [0.06, 0.05, 0.03, 0.02, 0.02, 0.02, 0.02, 0.02],
])  # fmt: skip
"""USL: steepness of the upper slope in sone per Bark and Bark, by range of specific loudness and critical band."""
