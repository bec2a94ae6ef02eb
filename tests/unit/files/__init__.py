"""Files on their way in: bytes to rows, rows to commands."""
