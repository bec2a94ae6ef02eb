"""Sites and the tree of locations below them."""
