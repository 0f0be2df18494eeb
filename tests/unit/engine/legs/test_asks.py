from __future__ import annotations

import numpy as np

from hatoba.engine.legs.asks import Asks
from hatoba.model import Protocol, Reason, State
from hatoba.probes import METHODS
from hatoba.probes.connect import CONNECT


def ports(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.uint16)


def test_each_method_finds_its_own_ports() -> None:
    asks = Asks([(METHODS["syn"], ports(22, 80)), (METHODS["udp"], ports(53, 80))])
    assert len(asks) == 4
    assert asks.find(0, ports(80, 22, 53)).tolist() == [1, 0, -1]
    assert asks.find(1, ports(80, 22, 53)).tolist() == [3, -1, 2]
    assert asks.protocol.tolist() == [Protocol.TCP] * 2 + [Protocol.UDP] * 2
    assert asks.method.tolist() == [0, 0, 1, 1]


def test_silence_means_what_the_method_says() -> None:
    asks = Asks([(METHODS["syn"], ports(22)), (METHODS["fin"], ports(22))])
    assert asks.silence.tolist() == [[State.FILTERED, Reason.NO_RESPONSE], [State.OPEN_FILTERED, Reason.NO_RESPONSE]]


def test_rationed_silence_is_only_for_ports_without_a_question_of_their_own() -> None:
    asks = Asks([(METHODS["udp"], ports(53, 81)), (CONNECT, ports(80))])
    assert asks.rationed_silence[:, 0].tolist() == [0, State.CLOSED_FILTERED, 0]
