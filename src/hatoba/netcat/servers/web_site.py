"""What a web server answers to GET and HEAD: files and folders below one folder, and nothing else."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self

from hatoba.netcat.servers import web_listing
from hatoba.netcat.servers.beneath import Folder
from hatoba.netcat.servers.new_file import NewFile
from hatoba.netcat.servers.web_address import Address, path_of
from hatoba.netcat.servers.web_conditions import FileFacts, entity_tag, select
from hatoba.netcat.servers.web_types import media_type

INDEX = b"index.html"
_OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_REFUSED = (errno.EACCES, errno.EPERM)


@dataclass(frozen=True, slots=True)
class FileBody:
    """*count* bytes of an open file from *offset* on. The descriptor is the answer's to close."""

    descriptor: int
    offset: int
    count: int


Body = bytes | FileBody | Iterator[bytes]
"""An iterator is sent in pieces, its length unknown beforehand; it may hold *closing* open until the answer is closed."""


@dataclass(slots=True)
class Answer:
    """A status, header fields in the order to send, and a body. A context manager that closes what the body needs."""

    status: HTTPStatus
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: Body = b""
    descriptor: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


@dataclass(frozen=True, slots=True)
class Site:
    """What is served. *folder*: what may be read (None: nothing); *upload*: where files that are sent to us go (None: they are
    refused); *overwrite*: a new file may take the place of one of the same name; *hidden*: names with a dot in front are
    served too. *now_s*: seconds since the epoch."""

    folder: Folder | None
    upload: Folder | None = None
    overwrite: bool = False
    hidden: bool = False
    now_s: Callable[[], float] = time.time
    unfinished: set[NewFile] = field(default_factory=set)
    """Files that are coming now."""

    def drop_unfinished(self) -> None:
        """Remove what has come of them, at the end of the server."""
        for file in tuple(self.unfinished):
            file.drop()

    def hides(self, address: Address) -> bool:
        return address.is_hidden and not self.hidden


def plain(status: HTTPStatus, text: str = "", headers: list[tuple[str, str]] | None = None) -> Answer:
    """An answer in words; without *text* those of the status."""
    words = text or f"{status.value} {status.phrase}"
    return Answer(status, [("Content-Type", "text/plain; charset=utf-8"), *(headers or [])], f"{words}\n".encode())


def fault_status(fault: OSError) -> HTTPStatus:
    """What a fault of our own file system is to a client."""
    if fault.errno in _OUT_OF_RESOURCES:
        return HTTPStatus.SERVICE_UNAVAILABLE
    if fault.errno in _REFUSED:
        return HTTPStatus.FORBIDDEN
    return HTTPStatus.INTERNAL_SERVER_ERROR if fault.errno == errno.EIO else HTTPStatus.NOT_FOUND


def get(site: Site, address: Address, headers: Mapping[str, str]) -> Answer:
    """The answer to a GET, or, without its body, to a HEAD. *headers*: names in small letters."""
    if site.hides(address):
        return plain(HTTPStatus.NOT_FOUND)
    if site.folder is None:
        return _drop_box(site, address)
    try:
        descriptor = site.folder.open(address.parts)
    except OSError as error:
        return plain(fault_status(error))
    status = os.fstat(descriptor)
    if stat.S_ISDIR(status.st_mode):
        return _folder(site, site.folder, address, headers, descriptor)
    if address.is_folder:
        os.close(descriptor)
        return plain(HTTPStatus.NOT_FOUND)
    return _file(site, os.fsdecode(address.parts[-1]), headers, descriptor, status)


def _file(site: Site, name: str, headers: Mapping[str, str], descriptor: int, status: os.stat_result) -> Answer:
    tag = entity_tag(status.st_ino, status.st_size, status.st_ctime_ns, site.now_s())
    facts = FileFacts(status.st_size, status.st_mtime, tag)
    selection = select(headers, facts)
    answer = Answer(selection.status, [("ETag", tag), ("Last-Modified", facts.last_modified)], descriptor=descriptor)
    answer.headers += [("Cache-Control", "no-cache"), ("Accept-Ranges", "bytes")]
    match selection.status:
        case HTTPStatus.OK | HTTPStatus.PARTIAL_CONTENT:
            answer.headers.append(("Content-Type", media_type(name)))
            if site.upload is not None:
                # What strangers put here must not act in the name of what else is here.
                answer.headers.append(("Content-Security-Policy", "sandbox"))
            if selection.status is HTTPStatus.PARTIAL_CONTENT:
                span = f"bytes {selection.start}-{selection.stop - 1}/{facts.size_bytes}"
                answer.headers.append(("Content-Range", span))
            answer.body = FileBody(descriptor, selection.start, selection.stop - selection.start)
        case HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            answer.headers.append(("Content-Range", f"bytes */{facts.size_bytes}"))
        case _:
            pass
    return answer


def _folder(site: Site, folder: Folder, address: Address, headers: Mapping[str, str], descriptor: int) -> Answer:
    if not address.is_folder and address.parts:
        os.close(descriptor)
        return plain(HTTPStatus.MOVED_PERMANENTLY, headers=[("Location", path_of(address.parts, is_folder=True))])
    try:
        index = folder.open([*address.parts, INDEX])
        status = os.fstat(index)
    except OSError:
        return _listing(site, folder, address, descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(index)
        return _listing(site, folder, address, descriptor)
    os.close(descriptor)
    return _file(site, INDEX.decode(), headers, index, status)


def _listing(site: Site, folder: Folder, address: Address, descriptor: int) -> Answer:
    names, more = web_listing.names_in(descriptor, address.after, hidden=site.hidden)
    found = web_listing.entries(folder, address.parts, descriptor, names)
    rows = web_listing.page(address.parts, found, go_on_after=names[-1] if more else None, upload=_takes(site, address))
    return Answer(HTTPStatus.OK, _page_headers(), rows, descriptor)


def _drop_box(site: Site, address: Address) -> Answer:
    """Where nothing may be read: the form alone, at the top."""
    if address.parts or site.upload is None:
        return plain(HTTPStatus.NOT_FOUND)
    return Answer(HTTPStatus.OK, _page_headers(), web_listing.page((), iter(()), go_on_after=None, upload=True))


def _page_headers() -> list[tuple[str, str]]:
    return [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", web_listing.POLICY),
        ("Cache-Control", "no-store"),
    ]


def _takes(site: Site, address: Address) -> bool:
    """Whether files can be sent to this folder."""
    if site.upload is None:
        return False
    try:
        os.close(site.upload.open_folder(address.parts))
    except OSError:
        return False
    return True
