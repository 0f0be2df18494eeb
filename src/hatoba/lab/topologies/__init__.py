"""Ready-made networks: :func:`truth_host` to test a scanner on, :func:`practice` to look around in,
:func:`matrix` to hold every scan method against every condition of a port."""

from __future__ import annotations

from hatoba.lab.topologies.crowd import Crowd, crowd
from hatoba.lab.topologies.deceivers import Deceivers, deceivers
from hatoba.lab.topologies.matrix import Matrix, matrix
from hatoba.lab.topologies.matrix_truth import Place
from hatoba.lab.topologies.practice import Practice, practice
from hatoba.lab.topologies.routed import Routed, routed
from hatoba.lab.topologies.services import Service
from hatoba.lab.topologies.truth import TruthHost, truth_host
from hatoba.lab.topologies.udp_services import UdpServices, udp_services

__all__ = [
    "Crowd",
    "Deceivers",
    "Matrix",
    "Place",
    "Practice",
    "Routed",
    "Service",
    "TruthHost",
    "UdpServices",
    "crowd",
    "deceivers",
    "matrix",
    "practice",
    "routed",
    "truth_host",
    "udp_services",
]
