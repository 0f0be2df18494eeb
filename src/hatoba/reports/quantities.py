"""Numbers as people read them."""

from __future__ import annotations

from datetime import datetime, tzinfo

from hatoba.messages import _


def latency(rtt_s: float) -> str:
    """A round trip: ``0.4 ms``, ``12 ms``, ``1.3 s``."""
    ms = rtt_s * 1000
    if ms < 0.01:
        return "<0.01 ms"
    if ms < 9.95:
        return f"{ms:.2f} ms" if ms < 0.1 else f"{ms:.1f} ms"
    return f"{ms:.0f} ms" if ms < 999.5 else f"{rtt_s:.1f} s"


def duration(seconds: float) -> str:
    """How long a scan took or will take: ``0.31 s``, ``12.3 s``, ``2 min 5 s``, ``1 h 2 min``."""
    if seconds < 59.95:
        return _("{seconds} s").format(seconds=f"{seconds:.2f}" if seconds < 0.995 else f"{seconds:.1f}")
    whole = round(seconds)
    if whole < 3600:
        return _("{minutes} min {seconds} s").format(minutes=whole // 60, seconds=whole % 60)
    return _("{hours} h {minutes} min").format(hours=whole // 3600, minutes=whole % 3600 // 60)


def time_left(seconds: float) -> str:
    """How long something will go on, to the second: ``1 s``, ``24 s``, ``2 min 5 s``."""
    whole = max(1, round(seconds))
    return _("{seconds} s").format(seconds=whole) if whole < 60 else duration(whole)


def number(count: float) -> str:
    """``65,410``"""
    return f"{count:,.0f}"


def moment(seconds: float, timezone: tzinfo | None) -> str:
    """Seconds since the epoch as local time with its offset, ISO 8601: ``2026-11-23 12:33:13+09:00``."""
    return datetime.fromtimestamp(seconds, timezone).astimezone(timezone).isoformat(" ", "seconds")
