"""hatoba from Python: one scan as verdicts, as events, asynchronously, or as a whole array. ``docs/api.md`` shows each.

Nothing here prints or asks. A mistake is an exception of ``hatoba.errors`` at the call; what is worth knowing besides the
results (a name that does not exist, a host without a way to it) goes to the logger ``hatoba``, which is silent unless the
program gives it a handler.
"""

from hatoba.api.request import ScanOptions
from hatoba.api.scanning import scan, scan_array, scan_async, scan_events

__all__ = ["ScanOptions", "scan", "scan_array", "scan_async", "scan_events"]
