"""The replay of online retail: see the modules."""
