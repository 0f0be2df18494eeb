"""How fast, how long, how often: pace, patience, the hosts that can't keep up, and when silence can be believed."""
