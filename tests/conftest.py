"""What holds for every test."""

import os

# One thread for linear algebra, as `features.extract` has it: two would fight with the other test processes. It must be
# said before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hypothesis import settings

# Machines that are busy with other tests are no reason to fail: timing never decides a test.
settings.register_profile("default", deadline=None)
settings.load_profile("default")
