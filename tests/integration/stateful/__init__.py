"""Random histories on two stores and plain totals, which agree after every step."""
