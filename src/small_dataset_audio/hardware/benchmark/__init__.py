"""What the chosen device can do for audio training: the largest batch, the best batch, and its rates.

`measure` runs it all and makes a `profile`; `recheck` compares a stored profile with the machine as it is now. Whatever
may run out of memory, hang or crash happens in child processes (`child`, and `inside` for what runs there).
"""
