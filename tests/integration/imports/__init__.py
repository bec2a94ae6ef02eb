"""Files into databases."""
