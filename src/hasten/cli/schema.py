"""`hasten schema`."""

from __future__ import annotations

import argparse
import json
import sys


def main(options: argparse.Namespace) -> int:
    from hasten.api.outputs import OUTPUTS, schema
    from hasten.cli import FINISHED

    if options.name is None:
        width = max(map(len, OUTPUTS))
        for name, (_, _, says) in OUTPUTS.items():
            print(f"{name:<{width}}  {says}")
        print("\nhasten schema NAME: the JSON Schema of what it prints with --json")
        return FINISHED
    json.dump(schema(options.name), sys.stdout, indent=1, allow_nan=False)
    sys.stdout.write("\n")
    return FINISHED
