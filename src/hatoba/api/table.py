"""A whole result as one structured array that stands by itself: addresses as text instead of indices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hatoba.results.batch import VERDICT
from hatoba.results.collector import Collector


def table_of(collector: Collector) -> npt.NDArray[np.void]:
    rows = collector.as_array()
    others = ["", *map(str, collector.batch(rows).responders)]
    texts = {
        "address": collector.addresses(rows["host"]),
        "responder": np.array(others, np.str_)[rows["responder"]],
    }
    kept = [name for name in VERDICT.names or () if name not in ("host", "responder")]
    layout = [("address", texts["address"].dtype), *((name, VERDICT[name]) for name in kept)]
    table = np.empty(len(rows), np.dtype([*layout, ("responder", texts["responder"].dtype)]))
    for name in kept:
        table[name] = rows[name]
    for name, column in texts.items():
        table[name] = column
    return table
