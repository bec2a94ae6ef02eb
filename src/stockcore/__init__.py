"""The domain of stock, warehouses and orders, and its use cases; pure (docs/adr/0001)."""
