"""Slow and obvious versions of what the product computes fast, for Hypothesis to compare."""
