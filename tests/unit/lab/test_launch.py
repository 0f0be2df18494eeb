"""Starting a keeper, or saying why not."""

from __future__ import annotations

import os
import subprocess
from types import SimpleNamespace
from typing import cast

import pytest

from hatoba.errors import LabError
from hatoba.lab import launch
from hatoba.lab.channel import ChannelClosed
from tests.descriptors import open_descriptors


def test_last_words_are_the_last_line(tmp_path: os.PathLike[str]) -> None:
    with open(os.path.join(tmp_path, "words"), "w+b", buffering=0) as words:
        keeper = cast("subprocess.Popen[bytes]", SimpleNamespace(stderr=words))
        assert launch.last_words(keeper) == "–"
        words.write(b"Traceback\n  somewhere\nOSError: no room\n")
        assert launch.last_words(keeper) == "OSError: no room"
    assert launch.last_words(keeper) == "–"


def test_keeper_that_ends_at_once_closes_the_channel_and_leaves_no_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    before = open_descriptors()
    monkeypatch.setattr(launch.sys, "executable", "/bin/false")
    keeper, channel = launch.start_keeper()
    with pytest.raises(ChannelClosed):
        channel.receive()
    launch.end_keeper(keeper, channel)
    assert keeper.returncode == 1
    assert open_descriptors() == before


def test_kernel_without_pidfds_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(launch.os, "pidfd_open", refuse)
    with pytest.raises(LabError, match=r"Linux 5\.3 or later"):
        launch.start_keeper()
