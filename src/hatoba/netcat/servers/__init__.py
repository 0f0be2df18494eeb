"""Practical servers of ``hatoba nc -l``: a web server for one folder, echo, discard, a fixed reply.

Each is a handler: a function that is given a connected socket and talks to one client until that one is done. What a client
can make us hold is bounded: bytes by the sizes of the buffers, time by a :class:`~hatoba.netcat.servers.patience.Patience`.
"""
