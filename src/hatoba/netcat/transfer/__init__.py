"""A file from one hatoba to another, over any connection: with its SHA-256 told by both, and going on where it was cut.

Which end listens and which connects does not matter. The talk is lines, each a JSON object in UTF-8 of at most 4,096 bytes
with its newline, and the file itself between two of them::

    both, at once     {"hatoba-file": 1, "role": "send", "name": "disk.img", "bytes": 1000000}
                      {"hatoba-file": 1, "role": "receive"}
    receiver          {"have": 400000, "sha256": "<of these first bytes>"}
    sender            {"from": 400000}           or 0, where its own first bytes are not those
    sender            600,000 bytes
    sender            {"sha256": "<of the whole file>"}
    receiver          {"sha256": "<of what it has on the disk now>"}

Instead of any of its lines the receiver may say ``{"error": "<word>"}``, also while bytes come; the words stand in
``lines.ERRORS``. The receiver writes to ``NAME.part`` and gives the file its name once both digests are equal. Whatever ends a
transfer early (a cut connection, a full disk, an interrupt) leaves ``NAME.part`` with all that had come; the next transfer to
the same name goes on from there, or begins anew if the sender's file is another.

A program that knows none of this hears one line and says none that we know: then we say so and nothing is written. With
``raw`` both ends do without lines: bytes until the end of the connection, as nc and ncat send and take them, with the SHA-256
told on our side only.
"""
