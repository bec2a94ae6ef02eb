"""Worked cases, each on every store; numbers in docstrings are those of the scenario list."""
