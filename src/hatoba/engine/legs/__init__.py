"""One leg of a scan: what it asks, by which transport, and what is known of each of its questions."""
