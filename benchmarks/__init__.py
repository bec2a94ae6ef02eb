"""How fast it is beside the raw database: `python -m benchmarks`, see README.md."""
