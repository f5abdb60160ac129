"""Taking a mix apart into stems: networks with weights, an embedded approximation, and one engine for all of them.

A backend is a `network.Network`: what it gives, at which rate, in pieces of which length, and a function from pieces to
stems. Everything else (rates, channels, lengths, overlaps, batches, memory) is the engine's, and the same for all.
"""
