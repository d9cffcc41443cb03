"""`python -m hasten` is `hasten`. (`hasten/__init__.py` has taken the user's folder off the path by now.)"""

from __future__ import annotations

import sys

from hasten.cli import main

if __name__ == "__main__":
    sys.exit(main())
