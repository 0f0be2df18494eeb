"""hatoba nc: connect and listen by hand, for terminals and for pipes.

Everything here is made of four parts, which know of each other only what stands here:

* An **end** (``ends.py``) is what the user named: a transport with host and port, or with a path. :class:`SocketSettings` is
  how the socket is to be.
* ``dial(end, settings, console) -> socket`` (``dialing.py``) connects. Whatever has this signature (:data:`Dialer`) can
  stand in its place: a proxy's client is a function that takes a dialer and returns one.
* ``listen(end, settings, console, handler, ...)`` (``listening.py``) accepts, and hands each connection to
  ``handler(connection, peer, console)``: a function that talks, and returns when it is done; the caller closes. With
  ``Welcome.at_once`` above one each handler runs in a thread of its own. ``answer_datagrams(...)`` is the same for UDP: a
  function from a datagram and its sender to what is sent back.
* A **wrapper** (:data:`Wrapper`) is put around each connection once it stands, on either side, before the relay or the handler
  sees it: TLS. It gets the connected socket and returns one, blocking, with ``recv_into``, ``send``, ``shutdown``,
  ``pending``, as ``ssl.SSLSocket`` has them. What it raises as OSError ends that connection and no other.

A **connection** is thus a ``socket.socket`` or an ``ssl.SSLSocket``, blocking, without time-out, unless a handler sets one.
The **console** (``console.py``) is where messages for people go; it knows how much they want to hear (``-v``, ``--explain``),
and whose words to use (``--compat``). Standard output is never written to but by a relay.

``cli/nc_run.py`` joins them: ``handler_of``, ``answer_of``, ``wrapper_of`` and ``dialer_of`` there are the places where a
server, TLS or a proxy comes in, by options from a file of its own (``cli/nc_*.py``).

The **relay** (``relay.py``) is what ``hatoba nc`` does with a connection unless told otherwise: standard input goes to the
peer, what the peer sends goes to standard output. It moves bytes by two **ways** (``ways.py``), each a **pump** (``pumps.py``):
splice, sendfile, or a copy. Datagrams (``datagrams.py``; answered from where they came to, ``own_address.py``) and many
clients at once (``crowd.py``) give it ways of their own, and ``-C``, ``-o``, ``-x`` and ``-t`` are filters on a way
(``recording.py``, ``telnet.py``). A pump never waits: the relay does.

Nothing here imports NumPy, rich or cryptography, and ``ssl`` only where it is asked for: ``hatoba nc`` starts at once.
"""
