"""Whatever limits the trust in the result of a scan, in sentences for people."""

from __future__ import annotations

from hatoba.messages import _, ngettext
from hatoba.model import ScanEnd
from hatoba.reports.quantities import number

_NOTABLE_LOSS = 0.001
_NOTABLE_MISSED = 0.001


def limits(end: ScanEnd, not_asked: int) -> list[str]:
    """One sentence for each. So many addresses have not been told of."""
    lines = []
    if end.interrupted and not_asked > 0:
        stopped = ngettext(
            "Stopped before the end: this is what was known by then; {count} address was not asked to the end.",
            "Stopped before the end: this is what was known by then; {count} addresses were not asked to the end.",
            not_asked,
        )
        lines.append(stopped.format(count=number(not_asked)))
    elif end.interrupted:
        lines.append(_("Stopped before the end: this is what was known by then."))
    lines += _loss(end)
    if end.capture_drops:
        drops = _("This machine was too slow for {count} answers; a lower --max-rate avoids that.")
        lines.append(drops.format(count=number(end.capture_drops)))
    return lines


def _loss(end: ScanEnd) -> list[str]:
    share, missed = f"{(end.loss or 0.0) * 100:.1f} %", end.expected_missed
    notable = end.loss is not None and end.loss >= _NOTABLE_LOSS
    if end.interrupted:  # what has not been told yet is not missing
        return [_("About {share} of the probes or their answers were lost.").format(share=share)] if notable else []
    if missed is None:
        unknown = _(
            "Who was silent was asked only once, and whether an answer was lost can't be told then: "
            "how many are missing is not known. With --max-retries 1 or more it is."
        )
        return [unknown]
    if missed >= _NOTABLE_MISSED and end.loss:
        text = _(
            "About {share} of the probes or their answers were lost; even after the repeats, about {missed} answers are "
            "expected to be missing, so that as many are told as silent that are not. More --max-retries find them."
        )
        return [text.format(share=share, missed=f"{missed:.2g}" if missed < 1 else number(missed))]
    if notable:
        text = _(
            "About {share} of the probes or their answers were lost; "
            "after the repeats, fewer than {missed} answers are expected to be missing."
        )
        return [text.format(share=share, missed=_NOTABLE_MISSED)]
    return []
