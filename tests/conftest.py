"""Settings for all tests: one thread, and hypothesis profiles for everybody, for CI and for the long run."""

import os

# Before NumPy and torch are imported: their thread pools read this once.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from hypothesis import settings  # noqa: E402

# No deadline: a machine under load is no bug. In CI the same examples every time; elsewhere new ones.
settings.register_profile("everywhere", deadline=None, max_examples=50)
settings.register_profile("ci", settings.get_profile("everywhere"), derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=500)  # for `make test-all`
settings.load_profile("ci" if os.environ.get("CI") else "everywhere")
