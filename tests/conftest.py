"""For all tests: the markers ``net`` and ``peer`` and what they need.

``@pytest.mark.net`` needs a lab; ``@pytest.mark.peer("nmap", "nft")`` needs these programs.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from tests import needs

# A busy machine is no reason to fail: what a property takes is not what it says.
settings.register_profile("hatoba", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hatoba")


# Whoever starts the tests in the background, by nohup or by setsid has signals ignored, and all that they start would, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or under CI fail, what the machine does not have."""
    for marker in item.iter_markers("peer"):
        for program in marker.args:
            needs.require_program(program)
    if item.get_closest_marker("net") is not None:
        needs.require_lab()


@pytest.fixture(scope="session")
def require_program() -> Callable[[str], str]:
    """``require_program("nmap")``: its path, or no test without it."""
    return needs.require_program
