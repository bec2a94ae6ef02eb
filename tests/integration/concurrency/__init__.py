"""Many processes, one stock: nothing is sold twice, whoever dies on the way."""
