"""The domain's ports over dicts: for embedding without a database, what-if forks, and the model in tests."""

from stockcore_memory.errors import BrokenRuleError, LostUpdateError, OutOfRangeError
from stockcore_memory.store import MemoryStore

__all__ = ["BrokenRuleError", "LostUpdateError", "MemoryStore", "OutOfRangeError"]
