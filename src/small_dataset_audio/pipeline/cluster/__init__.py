"""The Ray engine: the same plan on the machines of a cluster."""
