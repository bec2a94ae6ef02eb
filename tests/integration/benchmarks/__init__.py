"""What the benchmarks measure against: see the modules."""
