"""Where the values of a track come from, and how two states of a library differ. Nothing here writes anything.

`.INFO` says which stage made a value, at which version and with which settings; it holds no times, so that the same
recordings and settings always give the same bytes. When that was, and in which run, is known from the run logs.
"""
