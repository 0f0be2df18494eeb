"""hatoba: a port scanner that says why."""

__version__ = "0.1.0"
