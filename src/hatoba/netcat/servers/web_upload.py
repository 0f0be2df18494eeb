"""Files that clients send: PUT, and a form's POST. Written under a hidden name, named when complete, never over another file
unless that was allowed.

Nothing is kept in memory but the piece that has just come. A form (RFC 7578) is taken apart by python-multipart as it comes.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from hatoba.messages import _
from hatoba.netcat.servers.new_file import NewFile, fit_name
from hatoba.netcat.servers.web_address import Address, path_of
from hatoba.netcat.servers.web_site import Answer, Site, fault_status, plain

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartParser

_FULL = (errno.ENOSPC, errno.EDQUOT)
_MOST_PARTS = 1000
"""Most parts of one form, files and other fields."""

Pieces = Iterator[bytes]
"""The body of a request as it comes. To ask for the first piece is to want it: a client that waits for permission gets it
then."""


def comes_from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether a browser sends this for a page of another site (RFC 6454): nobody's browser is to be made to send us files."""
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


def put(site: Site, address: Address, headers: Mapping[str, str], pieces: Pieces) -> Answer:
    """Take one file, whose name is the last part of the path."""
    if (refusal := _refusal(site, address, headers)) is not None:
        return refusal
    assert site.upload is not None
    name = fit_name(address.parts[-1]) if address.parts and not address.is_folder else None
    if name is None:
        return plain(HTTPStatus.BAD_REQUEST, _("a file needs a name of its own: end the address with one"))
    try:
        with ExitStack() as stack:
            folder = site.upload.open_folder(address.parts[:-1])
            stack.callback(os.close, folder)
            return _stored(site, folder, name, path_of(address.parts, is_folder=False), pieces)
    except OSError as error:
        return _fault(error)


def _stored(site: Site, folder: int, name: str, path: str, pieces: Pieces) -> Answer:
    with NewFile(folder, name, overwrite=site.overwrite, among=site.unfinished) as file:
        digest, count = hashlib.sha256(), 0
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
            count += len(piece)
        file.keep()
    return plain(HTTPStatus.CREATED, f"{digest.hexdigest()}  {name}", [("Location", path)])


def post(site: Site, address: Address, headers: Mapping[str, str], pieces: Pieces) -> Answer:
    """Take the files of a form into the folder whose address it was sent to; then lead back to its page."""
    if (refusal := _refusal(site, address, headers)) is not None:
        return refusal
    assert site.upload is not None
    if not address.is_folder:
        return plain(HTTPStatus.BAD_REQUEST, _("send a form to the address of a folder, which ends with a slash"))
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import parse_options_header

    kind, options = parse_options_header(headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        return plain(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, _("send files as multipart/form-data, or one file with PUT"))
    try:
        with ExitStack() as stack:
            folder = site.upload.open_folder(address.parts)
            stack.callback(os.close, folder)
            form = stack.enter_context(_Form(site, folder))
            parser = form.parser(options[b"boundary"])
            for piece in pieces:
                parser.write(piece)
            parser.finalize()
            form.keep()
    except FormParserError:
        return plain(HTTPStatus.BAD_REQUEST)
    except _Unfit:
        return plain(HTTPStatus.BAD_REQUEST, _("a file in the form has a name that can't be taken"))
    except OSError as error:
        return _fault(error)
    return plain(HTTPStatus.SEE_OTHER, headers=[("Location", address.path)])


@cache
def _parser_class() -> type[MultipartParser]:
    """python-multipart's parser, made quiet: it logs what is wrong with a form, and what is logged and taken by nobody goes to
    standard error, which is ours."""
    import logging

    from python_multipart.multipart import MultipartParser

    logging.getLogger("python_multipart").addHandler(logging.NullHandler())
    return MultipartParser


class _Unfit(Exception):
    """A form with a file that we can't take."""


class _Form:
    """The parts of one form, as the parser finds them. Files are all kept or, where one can't be, none: a context manager, what
    isn't kept is gone when it is left."""

    def __init__(self, site: Site, folder: int) -> None:
        self._site, self._folder = site, folder
        self._stack = ExitStack()
        self._files: list[NewFile] = []
        self._file: NewFile | None = None
        self._parts = 0
        self._header: tuple[bytes, bytes] = b"", b""
        self._disposition = b""
        self._complete = False

    def __enter__(self) -> _Form:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

    def parser(self, boundary: bytes) -> MultipartParser:
        return _parser_class()(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._add_to_header(data[start:end], b""),
                "on_header_value": lambda data, start, end: self._add_to_header(b"", data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._open,
                "on_part_data": self._write,
                "on_end": self._end,
            },
        )

    def keep(self) -> None:
        """Give the files their names, if the form came to its end."""
        if not self._complete:
            raise _Unfit
        for file in self._files:
            file.keep()

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise _Unfit
        self._disposition, self._file = b"", None

    def _add_to_header(self, name: bytes, value: bytes) -> None:
        self._header = self._header[0] + name, self._header[1] + value

    def _end_header(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = value
        self._header = b"", b""

    def _open(self) -> None:
        from python_multipart.multipart import parse_options_header

        _kind, options = parse_options_header(self._disposition)
        raw = options.get(b"filename")
        if not raw:  # a field without a file, or a form in which none was chosen
            return
        name = fit_name(raw.replace(b"\\", b"/").rsplit(b"/", 1)[-1])  # some browsers send the way to the file as well
        if name is None:
            raise _Unfit
        self._file = self._stack.enter_context(self._new_file(name))
        self._files.append(self._file)

    def _new_file(self, name: str) -> NewFile:
        return NewFile(self._folder, name, overwrite=self._site.overwrite, among=self._site.unfinished)

    def _write(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(memoryview(data)[start:end])

    def _end(self) -> None:
        self._complete = True


def _refusal(site: Site, address: Address, headers: Mapping[str, str]) -> Answer | None:
    if site.upload is None:
        return plain(HTTPStatus.METHOD_NOT_ALLOWED, headers=[("Allow", "GET, HEAD")])
    if comes_from_elsewhere(headers):
        return plain(HTTPStatus.FORBIDDEN, _("files are taken from this server's own page only"))
    return plain(HTTPStatus.NOT_FOUND) if site.hides(address) else None


def _fault(fault: OSError) -> Answer:
    if isinstance(fault, FileExistsError | IsADirectoryError):
        return plain(HTTPStatus.CONFLICT, _("there is a file of that name: choose another name"))
    if fault.errno in _FULL:
        return plain(HTTPStatus.INSUFFICIENT_STORAGE)
    status = fault_status(fault)
    if status is HTTPStatus.NOT_FOUND:
        return plain(HTTPStatus.CONFLICT, _("there is no such folder to put the file into"))
    return plain(status)
