"""Named changes for the worse, each of which some test must notice."""
