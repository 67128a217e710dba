"""What all tests share: how Hypothesis looks for counterexamples."""

from __future__ import annotations

from hypothesis import settings

collect_ignore = ["browser"]
"""Needs Chromium, and is therefore run by itself: `make test-browser`."""

settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
# Every run of the tests is the same; `pytest --hypothesis-profile=explore` looks further.
settings.load_profile("ci")
