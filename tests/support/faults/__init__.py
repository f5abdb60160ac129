"""Faults in real system calls: what a process asks of the system is seen, refused, cut short, or its last."""
