"""What the numbers of a library are like, one by one and together.

`table` gathers the values of all tracks, `summary` tells all there is to tell of them, `selection` recommends what to
condition a generator on. The arithmetic is that of pandas, SciPy and scikit-learn; what cannot be told from so few
tracks is left out, with a sentence that says so, and is never a NaN.
"""
