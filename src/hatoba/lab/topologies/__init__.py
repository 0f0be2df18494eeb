"""Ready-made networks: :func:`truth_host` to test a scanner on, :func:`practice` to look around in."""

from __future__ import annotations

from hatoba.lab.topologies.practice import Practice, practice
from hatoba.lab.topologies.services import Service
from hatoba.lab.topologies.truth import TruthHost, truth_host

__all__ = ["Practice", "Service", "TruthHost", "practice", "truth_host"]
