"""The tests. A regular package, so that no stray top-level `tests` of another project can shadow it."""
