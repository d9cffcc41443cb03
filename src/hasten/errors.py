"""What hasten raises.

HastenError
├── UsageError      the command line, the configuration or the target is wrong       (exit status 2)
├── TargetError     the target cannot be run: it fails, hangs or is not Python       (exit status 2)
├── StaleError      a file is no longer what it was when the run began               (exit status 2)
└── StoreError      the folder of a run cannot be written: disk full, read-only      (exit status 2)

Every message says what was wrong, where, and what to do next. Outcomes of trying a change are not
errors: they are `hasten.core.verdict` values.
"""

from __future__ import annotations


class HastenError(Exception):
    """Base of everything hasten raises on purpose."""


class UsageError(HastenError):
    """The command line, the configuration or the target's name is wrong. Collects every mistake found."""


class TargetError(HastenError):
    """The target cannot serve as a workload: it failed, hung, or could not be read."""


class StaleError(HastenError):
    """A source file changed since the run began, so its patch no longer belongs to it."""


class StoreError(HastenError):
    """The folder of a run cannot be written. What was written before can be read, and the run can be gone on with."""
