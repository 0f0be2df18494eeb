"""Real daemons of the distribution, and how each is set up: what identifying services is tried on."""
