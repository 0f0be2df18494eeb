"""Whatever the other end says, a transfer ends with an outcome or a sentence, and no file has its name that is not whole."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hatoba.errors import HatobaError
from hatoba.netcat.transfer.sending import Outcome
from tests.unit.netcat.transfer.transfers import RECEIVER, SENDER, line, receiving, sending

CONTENT = b"0123456789"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
NOTHING = hashlib.sha256().hexdigest()

VALUES = st.sampled_from([0, 5, 10, -1, 1 << 63, True, None, "x", [], {}, DIGEST, NOTHING, "../x", "full", 1.5, float("inf")])
NAMES = st.sampled_from(["hatoba-file", "role", "name", "bytes", "have", "sha256", "from", "error"])
LINES = st.one_of(
    st.sampled_from(
        [line(**SENDER, bytes=10), line(**RECEIVER), line(**{"from": 0}), line(have=0, sha256=NOTHING), line(sha256=DIGEST)]
    ),
    st.dictionaries(NAMES, VALUES).map(lambda fields: line(**fields)),
    st.sampled_from([CONTENT, b"\n", b"{", b"[" * 5000, b'{"a": 1' + b"0" * 5000 + b"}\n", b"\xff\n", b"NaN\n", b"\0"]),
    st.binary(max_size=20),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(LINES, max_size=6).map(b"".join))
def test_any_bytes(said: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "source").write_bytes(CONTENT)
        assert isinstance(sending(folder / "source", said)[0], Outcome | HatobaError)
        received, _heard = receiving(folder / "target", said)
        if isinstance(received, Outcome):
            assert (folder / "target").read_bytes() == CONTENT[: received.size_bytes]
        else:
            assert isinstance(received, HatobaError)
            assert not (folder / "target").exists()
