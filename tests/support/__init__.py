"""What tests and benchmarks share and the wheel does not ship: servers and their fixtures."""
