from __future__ import annotations

import errno
import os

from hatoba.wire.faults import broken_link, no_raw_right


def test_a_broken_link_is_named_with_the_systems_words_and_what_to_type() -> None:
    sentence = str(broken_link("eth7", OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN))))
    assert sentence == "interface eth7 does not work: Network is down; check it with: ip link show eth7"


def test_a_missing_right_is_named_with_where_to_look() -> None:
    assert "CAP_NET_RAW" in str(no_raw_right())
    assert "hatoba doctor" in str(no_raw_right())
