"""Tests without I/O, beyond reading this project's own files."""
