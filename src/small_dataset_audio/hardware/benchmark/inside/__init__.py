"""What runs in the child processes, where torch is imported."""
