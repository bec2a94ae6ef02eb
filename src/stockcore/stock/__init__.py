"""Pools, quants, reservations and the ledger that explains them."""
