"""Which operating system a host runs, and what stands in front of it: observations in, ranked systems out, with the evidence.

::

    observations -> reading (one packet) -> traits (what they show together) -> ranking (against table) -> judge
                                                                 services' words -------------------------^

Pure. The table of what is known stands in ``systems.toml``, each row with its sources.
"""
