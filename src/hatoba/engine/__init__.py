"""Pace, ledger, retransmission, the loop: the only room that joins targets, probes, wire and results."""
