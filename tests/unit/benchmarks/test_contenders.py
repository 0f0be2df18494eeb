"""What contenders are started with."""

from __future__ import annotations

from benchmarks.contenders import Contender, masscan


def test_what_a_bed_knows_is_filled_in() -> None:
    words = {"source": "198.18.0.1", "source_mac": "02:00:00:00:00:01", "next_mac": "02:00:00:00:00:02"}
    options = masscan("masscan").options(words)
    assert options[options.index("--adapter-ip") + 1] == "198.18.0.1"
    assert options[options.index("--adapter-mac") + 1] == "02:00:00:00:00:01"
    assert options[options.index("--router-mac") + 1] == "02:00:00:00:00:02"


def test_other_braces_stay() -> None:
    assert Contender("code", ("python", "{address}", "{}")).options({"source": "x"}) == ["{address}", "{}"]
