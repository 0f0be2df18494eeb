"""What a group of hosts goes through before and after its legs: who is there, a closer look, systems, the way."""
