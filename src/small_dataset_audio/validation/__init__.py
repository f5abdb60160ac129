"""Checks of the environment, and the doctor that runs them."""
