"""Decisions about orders, without a store."""
