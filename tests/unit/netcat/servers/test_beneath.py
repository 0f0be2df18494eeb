from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hatoba.netcat.servers.beneath import Folder
from tests.descriptors import open_descriptors

SECRET = b"secret\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """``root`` is served; ``secret`` beside it must never be read."""
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "file").write_bytes(b"inside\n")
    (tmp_path / "secret").write_bytes(SECRET)
    links = {
        "up": "../secret",
        "a/up": "../../secret",
        "absolute": str(tmp_path / "secret"),
        "as-though-root": "/a/file",
        "root-absolute": str(root / "a" / "file"),
        "way-out-and-in": "../root/a/file",
        "folder-out": "..",
        "inside": "a/file",
        "a/b/back": "../../inside",
        "chain": "a/b/back",
        "folder": "a/b",
        "loop": "loop",
        "dangling": "nowhere",
        "process": "/proc/self/root",
        "climbing": "a/b/../../../secret",
        "slashes": ".//a//./file",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(root / "socket"))
    return root


@pytest.fixture(params=["in one step", "by walking"])
def folder(request: pytest.FixtureRequest, tree: Path) -> Iterator[Folder]:
    in_one_step = request.param == "in one step"
    with Folder(tree, in_one_step=in_one_step) as opened:
        if in_one_step and not Folder(tree)._in_one_step:
            pytest.skip("this kernel has no openat2")
        yield opened


def read(folder: Folder, path: str) -> bytes:
    descriptor = folder.open(os.fsencode(path).split(b"/"))
    try:
        return os.read(descriptor, 100)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("path", ["a/file", "inside", "chain", "a/b/back", "slashes", "a/b/../file"])
def test_what_is_below_is_opened(folder: Folder, path: str) -> None:
    assert read(folder, path) == b"inside\n"


@pytest.mark.parametrize(
    "path",
    [
        "up",
        "a/up",
        "absolute",
        "root-absolute",
        "as-though-root",
        "way-out-and-in",
        "folder-out/secret",
        "../secret",
        "a/../../secret",
        "climbing",
        "/etc/passwd",
        "process/etc/passwd",
        "loop",
        "dangling",
        "nothing",
        "a/file/x",
        "x" * 5000,
        "a\0b",
    ],
)
def test_what_is_not_below_is_not(folder: Folder, path: str) -> None:
    with pytest.raises((OSError, ValueError)):
        read(folder, path)


@pytest.mark.parametrize("path", ["pipe", "socket"])
def test_what_is_neither_file_nor_folder_is_not_touched(folder: Folder, path: str) -> None:
    with pytest.raises(FileNotFoundError):
        read(folder, path)


def test_folders(folder: Folder) -> None:
    for parts in ([], [b"a"], [b"folder"]):
        os.close(folder.open_folder(parts))
    assert sorted(os.listdir(folder.open_folder([b"a"]))) == ["b", "file", "up"]
    with pytest.raises(NotADirectoryError):
        folder.open_folder([b"a", b"file"])


def test_the_folder_stays_the_one_that_was_opened(folder: Folder, tree: Path) -> None:
    """Whoever puts another folder in its place meanwhile changes nothing."""
    tree.rename(tree.parent / "elsewhere")
    tree.symlink_to("/")
    assert read(folder, "a/file") == b"inside\n"


def test_no_descriptor_is_left_open(folder: Folder) -> None:
    before = len(open_descriptors())
    for path in ("a/file", "chain", "up", "loop", "pipe", "nothing", "folder"):
        try:
            os.close(folder.open([path.encode()]))
        except OSError:
            continue
    assert len(open_descriptors()) == before


def test_links_that_change_under_our_hands_never_lead_out(folder: Folder, tree: Path) -> None:
    """Two threads exchange a file and a folder for links that lead out, as fast as they can, while we open."""
    (tree / "raced").write_bytes(b"inside\n")
    (tree / "raced-folder").mkdir()
    (tree / "raced-folder" / "secret").write_bytes(b"inside\n")
    stop = threading.Event()

    def exchange(name: str, target: str) -> None:
        good, bad = tree / f"{name}-good", tree / f"{name}-bad"
        bad.symlink_to(target)
        while not stop.is_set():
            os.rename(tree / name, good)
            os.rename(bad, tree / name)
            os.rename(tree / name, bad)
            os.rename(good, tree / name)

    threads = [
        threading.Thread(target=exchange, args=(name, target))
        for name, target in (("raced", "../secret"), ("raced-folder", ".."))
    ]
    for thread in threads:
        thread.start()
    found: set[bytes | None] = set()
    try:
        attempts = 0
        while attempts < 2000 or len(found) < 2:  # the threads exchange when the machine lets them
            attempts += 1
            for path in ("raced", "raced-folder/secret"):
                try:
                    found.add(read(folder, path))
                except OSError:
                    found.add(None)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert found == {b"inside\n", None}
