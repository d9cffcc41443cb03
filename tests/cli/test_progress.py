from __future__ import annotations

import io

from hasten.cli.progress import Lines, clock_text


def test_plain_lines_carry_the_time_and_the_estimate() -> None:
    times = iter([0.0, 0.0, 61.5])
    stream = io.StringIO()
    shown = Lines(stream, lambda: next(times))
    shown.stage("baseline", 12.4)
    shown.note("round 1: 3.0x so far\x1b[2J\n")
    assert stream.getvalue() == "[  0 s] baseline, about 12 s\n[ 1:01]   round 1: 3.0x so far\\x1b[2J\n"


def test_clock() -> None:
    assert [clock_text(s) for s in (7.9, 125, 3725)] == ["7 s", "2:05", "1:02:05"]
