"""Cookies: who has seen some can't tell others; no two questions share one more often than chance has it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from hatoba.packets.siphash import cookie, cookies, siphash13

KEY = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
SAMPLES = 4096
SIX_DEVIATIONS = 6 * 0.5 / SAMPLES**0.5
"""Of the share of ones among so many fair coins."""
WIDTHS = [4, 16]

Cookies = npt.NDArray[np.uint32]


def questions(count: int, width: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """Destinations and ports as scans have them: neighbouring addresses, ports from one up, one source port."""
    hosts = np.arange(count) >> 8
    dst = np.zeros((count, width), np.uint8)
    dst[:, :2] = 198, 18
    dst[:, -2], dst[:, -1] = hosts >> 8, hosts & 255
    return dst, np.full(count, 61440, np.uint16), (np.arange(count) & 255).astype(np.uint16)


def share_of_ones(changed: Cookies) -> npt.NDArray[np.float64]:
    """Of each of the 32 bits, (32,)."""
    bits = changed[:, None] >> np.arange(32, dtype=np.uint32) & np.uint32(1)
    return bits.mean(axis=0)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_bit_of_the_question_changes_each_bit_of_the_cookie_in_half_of_the_cases(width: int) -> None:
    dst, sport, dport = questions(SAMPLES, width)
    before = cookie(KEY, dst, sport, dport)
    for bit in range(8 * width):
        other = dst.copy()
        other[:, bit // 8] ^= 1 << bit % 8
        assert np.abs(share_of_ones(before ^ cookie(KEY, other, sport, dport)) - 0.5).max() < SIX_DEVIATIONS, f"address {bit}"
    for bit in range(16):
        flip = np.uint16(1 << bit)
        assert np.abs(share_of_ones(before ^ cookie(KEY, dst, sport ^ flip, dport)) - 0.5).max() < SIX_DEVIATIONS
        assert np.abs(share_of_ones(before ^ cookie(KEY, dst, sport, dport ^ flip)) - 0.5).max() < SIX_DEVIATIONS


@pytest.mark.parametrize("width", WIDTHS)
def test_so_does_a_bit_of_the_key(width: int) -> None:
    dst, sport, dport = questions(SAMPLES, width)
    before = cookie(KEY, dst, sport, dport)
    for bit in range(128):
        other = (KEY[0] ^ (1 << bit if bit < 64 else 0), KEY[1] ^ (1 << bit - 64 if bit >= 64 else 0))
        assert np.abs(share_of_ones(before ^ cookie(other, dst, sport, dport)) - 0.5).max() < SIX_DEVIATIONS, bit


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("key", [(0, 0), KEY, (1, 0), (0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)])
def test_cookies_are_even_and_alike_no_more_often_than_birthdays(key: tuple[int, int], width: int) -> None:
    """Of 2**18 numbers of 32 bits eight pairs are alike on average (n * n / 2**33); a Poisson draw beyond 26 has a chance below
    one in a million."""
    count = 1 << 18
    cookies = cookie(key, *questions(count, width))
    assert count - len(np.unique(cookies)) <= 26
    for shift in range(0, 32, 8):
        counts = np.bincount(cookies >> np.uint32(shift) & np.uint32(255), minlength=256)
        statistic = ((counts - count / 256) ** 2 / (count / 256)).sum()
        assert 255 - 6 * 510**0.5 < statistic < 255 + 6 * 510**0.5, f"bits from {shift}"


@pytest.mark.parametrize("width", WIDTHS)
def test_the_step_from_cookie_to_cookie_tells_nothing(width: int) -> None:
    """What changes from one port to the next is spread as the cookies are: nobody counts on from one that he saw."""
    count = 1 << 18
    steps = np.diff(cookie(KEY, *questions(count, width)))
    counts = np.bincount(steps >> np.uint32(24), minlength=256)
    statistic = ((counts - len(steps) / 256) ** 2 / (len(steps) / 256)).sum()
    assert 255 - 6 * 510**0.5 < statistic < 255 + 6 * 510**0.5


def test_a_table_holds_the_hashes_of_its_places() -> None:
    """Also one that is made in several pieces, or whose last hash is used by half."""
    for count in (0, 1, 2, 7, (1 << 13) - 1, (1 << 13) + 1, 20_001):
        hashes = siphash13(KEY, [np.arange(-(-count // 2), dtype=np.uint64)])
        table = cookies(KEY, count)
        assert table.dtype == np.uint32
        assert table.tobytes() == hashes.tobytes()[: 4 * count]


def test_a_table_is_even_and_repeats_itself_no_more_often_than_birthdays() -> None:
    count = 1 << 18
    table = cookies(KEY, count)
    assert count - len(np.unique(table)) <= 26
    counts = np.bincount(table >> np.uint32(24), minlength=256)
    assert 255 - 6 * 510**0.5 < ((counts - count / 256) ** 2 / (count / 256)).sum() < 255 + 6 * 510**0.5


def test_legs_expect_different_cookies() -> None:
    """Keys that differ as those of two legs do: as seldom alike as by chance, once in 2**32."""
    seen = [cookies((KEY[0], KEY[1] ^ leg), 1 << 18) for leg in (0, 1, 2, 255, 256)]
    alike = sum(int((one == other).sum()) for place, one in enumerate(seen) for other in seen[:place])
    assert alike <= 2, "10 pairs of 2**18 questions each: 0.0006 are expected"
