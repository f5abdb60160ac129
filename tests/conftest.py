"""What holds for every test."""

from hypothesis import settings

# Machines that are busy with other tests are no reason to fail: timing never decides a test.
settings.register_profile("default", deadline=None)
settings.load_profile("default")
