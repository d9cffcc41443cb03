"""`hasten explain`."""

from __future__ import annotations

from hasten.cli.passes import explain as main

__all__ = ["main"]
