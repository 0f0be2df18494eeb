"""Daemons, or what stands in for them."""

from __future__ import annotations

import pytest

from hatoba.lab.topologies import services
from tests.net.conftest import MakeLab


@pytest.mark.peer("nginx")
def test_daemon_that_does_not_start_is_replaced_with_its_reason(make_lab: MakeLab) -> None:
    lab = make_lab()
    web = lab.add_host("web", ["198.18.0.1/24"])
    first = web.listen([80])
    with pytest.raises(services.LabError, match="Address already in use"):
        services.web_server(web)
    first.kill()
    first.wait(60)
    assert services.web_server(web).is_real
