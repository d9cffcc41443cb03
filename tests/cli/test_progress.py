from __future__ import annotations

import io

from hasten.cli.progress import Lines, Live, Told, clock_text


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_plain_lines_carry_the_time_and_the_estimate() -> None:
    clock, stream = Clock(), io.StringIO()
    shown = Lines(stream, clock)
    shown.stage("baseline", 12.4)
    clock.now = 61.5
    shown.within(125.0)
    shown.note("round 1: 3.0x so far\x1b[2J\n")
    shown.best(3.04)
    shown.best(2.0)
    clock.now = 70
    shown.stage("verify\x1b[2J")
    shown.count(1, 2)
    shown.stage("measure")
    assert stream.getvalue().splitlines() == [
        "[  0 s] baseline, about 12 s",
        "[ 1:01]   it takes at most 2:05 more",
        "[ 1:01]   round 1: 3.0x so far\\x1b[2J",
        "[ 1:10] verify\\x1b[2J (best so far 3.0x faster)",
        "[ 1:10] measure",
    ]


def test_the_step_and_the_whole_tell_what_is_left() -> None:
    clock = Clock()
    told = Told(clock)
    told.stage("verify 12 changes", 30.0)
    told.within(200.0)
    assert told.step(0.0) == "verify 12 changes, about 30 s left"
    told.count(5, 12)
    assert told.step(20.0) == "verify 12 changes, 5 of 12, about 10 s left"
    assert told.step(29.5) == "verify 12 changes, 5 of 12"
    assert told.step(36.0) == "verify 12 changes, 5 of 12, longer than expected"
    assert told.whole(80.0) == "1:20 so far, at most 2:00 left"
    told.best(1.01)  # no gain to speak of
    assert "best" not in told.whole(80.0)
    told.best(2.44)
    assert told.whole(300.0) == "5:00 so far, at most 0 s left, best so far 2.4x faster"
    told.stage("next")
    assert told.step(36.0) == "next"
    told.within(float("inf"))
    assert told.whole(80.0) == "1:20 so far, best so far 2.4x faster"


def test_what_is_drawn_fits_and_cannot_drive_the_terminal() -> None:
    live = Live(io.StringIO(), Clock())
    live.title = "verify \x1b[2J" + "x" * 200
    lines = live.drawn().plain.split("\n")
    assert len(lines) == 2
    assert max(map(len, lines)) < 80
    assert "\x1b" not in lines[0]


def test_clock() -> None:
    assert [clock_text(s) for s in (7.9, 125, 3725)] == ["7 s", "2:05", "1:02:05"]
