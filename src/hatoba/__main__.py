"""``python -m hatoba`` is the command ``hatoba``."""

from __future__ import annotations

import sys

from hatoba.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
