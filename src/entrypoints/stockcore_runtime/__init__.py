"""Settings, and the composition root that the other entry points share."""

from stockcore_runtime.application import Application, OwnApplication, embed, open_application

__all__ = ["Application", "OwnApplication", "embed", "open_application"]
