from __future__ import annotations

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatoba.netcat.servers.web_conditions import FileFacts, Selection, entity_tag, select

FACTS = FileFacts(1000, 1_700_000_000.5, '"1-3e8-f"')
WEAK = FileFacts(1000, 1_700_000_000.5, 'W/"1-3e8-f"')
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
EARLIER = "Tue, 14 Nov 2023 22:13:19 GMT"
WHOLE = Selection(HTTPStatus.OK, 0, 1000)
UNCHANGED = Selection(HTTPStatus.NOT_MODIFIED)
FAILED = Selection(HTTPStatus.PRECONDITION_FAILED)
BEYOND = Selection(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)


def part(start: int, stop: int) -> Selection:
    return Selection(HTTPStatus.PARTIAL_CONTENT, start, stop)


@pytest.mark.parametrize(
    ("wanted", "selection"),
    [
        ("bytes=0-0", part(0, 1)),
        ("bytes=10-", part(10, 1000)),
        ("bytes=-10", part(990, 1000)),
        ("bytes=-5000", part(0, 1000)),
        ("bytes=990-5000", part(990, 1000)),
        ("Bytes = 1 - 2 ", part(1, 3)),
        ("bytes=1000-", BEYOND),
        ("bytes=-0", BEYOND),
        ("bytes=5-4", WHOLE),  # no range at all (RFC 9110 section 14.1.1)
        ("bytes=-", WHOLE),
        ("bytes=0-1,5-6", WHOLE),
        ("bytes=" + "0-," * 1000, WHOLE),
        ("lines=0-1", WHOLE),
        ("bytes=" + "9" * 5000 + "-", WHOLE),
        ("bytes=²-", WHOLE),
    ],
)
def test_ranges(wanted: str, selection: Selection) -> None:
    assert select({"range": wanted}, FACTS) == selection


@pytest.mark.parametrize(
    ("headers", "facts", "selection"),
    [
        ({"if-none-match": '"1-3e8-f"'}, FACTS, UNCHANGED),
        ({"if-none-match": '"x", W/"1-3e8-f"'}, FACTS, UNCHANGED),
        ({"if-none-match": '"1-3e8-f"'}, WEAK, UNCHANGED),
        ({"if-none-match": "*"}, FACTS, UNCHANGED),
        ({"if-none-match": '"other"', "if-modified-since": DATE}, FACTS, WHOLE),  # the tag outranks the date
        ({"if-modified-since": DATE}, FACTS, UNCHANGED),
        ({"if-modified-since": EARLIER}, FACTS, WHOLE),
        ({"if-modified-since": "yesterday"}, FACTS, WHOLE),
        ({"if-modified-since": "Tue, 14 Nov 99999999999 22:13:19 GMT"}, FACTS, WHOLE),
        ({"if-match": '"1-3e8-f"'}, FACTS, WHOLE),
        ({"if-match": '"other"'}, FACTS, FAILED),
        ({"if-match": 'W/"1-3e8-f"'}, WEAK, FAILED),  # compared strongly
        ({"if-unmodified-since": EARLIER}, FACTS, FAILED),
        ({"if-unmodified-since": DATE}, FACTS, WHOLE),
        ({"range": "bytes=5-", "if-range": '"1-3e8-f"'}, FACTS, part(5, 1000)),
        ({"range": "bytes=5-", "if-range": '"other"'}, FACTS, WHOLE),
        ({"range": "bytes=5-", "if-range": 'W/"1-3e8-f"'}, WEAK, WHOLE),
        ({"range": "bytes=5-", "if-range": DATE}, FACTS, part(5, 1000)),
        ({"range": "bytes=5-", "if-range": EARLIER}, FACTS, WHOLE),
        ({"range": "bytes=5-", "if-range": DATE}, WEAK, WHOLE),
    ],
)
def test_conditions(headers: dict[str, str], facts: FileFacts, selection: Selection) -> None:
    assert select(headers, facts) == selection


def test_a_file_that_was_just_changed_has_a_weak_tag() -> None:
    changed_ns = 1_700_000_000_000_000_000
    assert entity_tag(7, 10, changed_ns, 1_700_000_001.0).startswith('W/"')
    assert entity_tag(7, 10, changed_ns, 1_700_000_010.0).startswith('"')


def test_a_tag_differs_where_anything_does() -> None:
    tags = {entity_tag(*facts, 0.0) for facts in [(1, 2, 3), (9, 2, 3), (1, 9, 3), (1, 2, 9)]}
    assert len(tags) == 4


@given(
    st.dictionaries(
        st.sampled_from(["range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"]),
        st.text(st.characters(max_codepoint=255), max_size=40) | st.from_regex(r"bytes=[0-9]{0,4}-[0-9]{0,4}", fullmatch=True),
    )
)
def test_whatever_is_asked_stays_within_the_file(headers: dict[str, str]) -> None:
    selection = select(headers, FACTS)
    assert 0 <= selection.start <= selection.stop <= 1000
