"""The catalogue on every store."""
