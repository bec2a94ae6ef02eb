"""imports: see the modules."""
