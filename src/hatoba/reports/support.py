"""Until when the release is supported that a service was built for, in a sentence."""

from __future__ import annotations

from hatoba.messages import _
from hatoba.reports.text import safe
from hatoba.service import Release

_LTS = "LTS"


def support(release: Release) -> str:
    """Without a full stop; the release alone where its end is not known."""
    name = safe(release.name)
    if not release.end_of_life:
        return name
    if not release.ended:
        return _("{release}: supported until {day}").format(release=name, day=release.end_of_life)
    extended = dict(release.extended)
    if release.in_lts:
        ended = _("{release}: in LTS until {last_day}, standard support ended on {day}").format(
            release=name, last_day=safe(extended.pop(_LTS, "")), day=release.end_of_life
        )
    else:
        ended = _("{release}: end of life since {day}").format(release=name, day=release.end_of_life)
    if not extended:
        return ended
    later = ", ".join(_("{support} until {day}").format(support=safe(word), day=safe(day)) for word, day in extended.items())
    return _("{ended} ({later})").format(ended=ended, later=later)
