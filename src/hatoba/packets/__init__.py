"""Bytes: layouts of headers as big-endian NumPy dtypes, checksums, cookies, parsing. Pure, and vectorised over packets."""
