"""cli: see the modules."""
