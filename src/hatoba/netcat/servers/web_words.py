"""What an answer's status means here, in a sentence, for who wants it explained. Pure."""

from __future__ import annotations

from http import HTTPStatus

from hatoba.messages import _N, translated

_MEANINGS = {
    HTTPStatus.OK: _N("the whole file or page was sent"),
    HTTPStatus.CREATED: _N("all of the file had come, and now it has its name"),
    HTTPStatus.PARTIAL_CONTENT: _N("only those bytes of the file were sent that the client asked for (Range)"),
    HTTPStatus.MOVED_PERMANENTLY: _N("a folder's address ends with a slash: the client is told to ask there"),
    HTTPStatus.SEE_OTHER: _N("the files of the form are here, and the client is told to load the folder's page again"),
    HTTPStatus.NOT_MODIFIED: _N("the client has this state of the file already (ETag or date), so nothing was sent"),
    HTTPStatus.BAD_REQUEST: _N("what came is no request that can be answered"),
    HTTPStatus.FORBIDDEN: _N("we may not read that file, or a page of another site wanted to send one"),
    HTTPStatus.NOT_FOUND: _N("nothing of that name is below the folder; links that lead out and hidden names count as nothing"),
    HTTPStatus.METHOD_NOT_ALLOWED: _N("only reading is possible here, and sending where --upload allows it"),
    HTTPStatus.CONFLICT: _N("a file of that name is there already, or the folder is not; nothing was written"),
    HTTPStatus.PRECONDITION_FAILED: _N("the file is not in the state that the client wants it in (If-Match)"),
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: _N("the client asked for bytes behind the end of the file"),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: _N("the head of the request is longer than anybody needs"),
    HTTPStatus.INSUFFICIENT_STORAGE: _N("the disk is full; nothing of the file was kept"),
}


def meaning(status: HTTPStatus) -> str:
    """Empty where the status says enough."""
    return translated(_MEANINGS.get(status, ""))
