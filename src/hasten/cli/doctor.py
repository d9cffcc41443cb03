"""`hasten doctor`."""

from __future__ import annotations

import argparse


def main(options: argparse.Namespace) -> int:
    raise NotImplementedError
