"""Settings, and the composition root that the other entry points share."""
