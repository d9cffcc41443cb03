"""`hasten completion`."""

from __future__ import annotations

import argparse
import sys

HOW = {
    "bash": '# put into ~/.bashrc:   eval "$(hasten completion bash)"',
    "zsh": '# put into ~/.zshrc, behind compinit:   eval "$(hasten completion zsh)"',
    "fish": "# hasten completion fish > ~/.config/fish/completions/hasten.fish",
}


def main(options: argparse.Namespace) -> int:
    """Raises `UsageError` when argcomplete is not installed."""
    from hasten.cli import FINISHED
    from hasten.errors import UsageError

    try:
        from argcomplete.shell_integration import shellcode
    except ImportError:
        raise UsageError("completion needs argcomplete; next: pip install argcomplete") from None
    code = shellcode(["hasten"], shell=options.shell)
    head, line, rest = code.partition("#compdef hasten\n") if options.shell == "zsh" else ("", "", code)
    sys.stdout.write(f"{head}{line}{HOW[options.shell]}\n{rest}")
    return FINISHED
