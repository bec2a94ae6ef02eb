"""Unit tests of the locations' decisions."""
