"""`python -m hasten` is `hasten`."""

from __future__ import annotations

import sys

from hasten.cli import main

if __name__ == "__main__":
    sys.exit(main())
