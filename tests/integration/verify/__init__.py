"""Verify and rebuild, on books written by hand."""
