"""Replays recorded or generated histories against a store, under a simulated clock."""
