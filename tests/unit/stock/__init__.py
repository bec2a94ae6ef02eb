"""Decisions about stock, without a store."""
