"""Figures of the guard, side by side with what others do in the same run; see `python -m benchmarks.guard`."""
