"""The domain's ports over dicts: for embedding without a database, and the model in tests."""
