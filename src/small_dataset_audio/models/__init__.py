"""Everything with weights: what there is, where it lies, how it gets there and how it is opened without running code."""
