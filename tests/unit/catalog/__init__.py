"""Unit tests of the catalogue's decisions."""
