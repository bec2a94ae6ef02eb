"""Facts that others may want to know, and the outbox they leave through."""
