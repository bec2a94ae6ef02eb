"""Locations on every store."""
