"""What every commit must pass; ``make test-all`` sets TIPS_LONG=1 and runs the long tests, too."""

import os

import pytest

LONG = bool(os.environ.get("TIPS_LONG"))
long = pytest.mark.skipif(not LONG, reason="make test-all runs it")
