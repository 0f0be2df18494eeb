"""Hosts and routers that ration what they answer with: ICMP errors and resets."""
