"""The installed program, in processes of its own."""
