"""`python -m hasten` is `hasten`."""

from __future__ import annotations

import sys

if not getattr(sys.flags, "safe_path", False) and sys.path:
    # `python -m` puts the user's folder first, where a json.py of theirs would stand in for the standard library's
    del sys.path[0]

from hasten.cli import main

if __name__ == "__main__":
    sys.exit(main())
