"""Orders, their lines and their life cycle."""
