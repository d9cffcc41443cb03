"""Numba for the simulation: a day's callers are drawn once for all plans, events are the next of a few arrays.

Generators go into compiled code and give the same streams; a queue is a first-in first-out list per skill.
"""

import csv
from heapq import heappop, heappush
from pathlib import Path

import numpy as np
from numba import njit

DATA = Path(__file__).resolve().parent / "data"
OPEN, CLOSE, SLOT, DAYS = 8 * 3600.0, 20 * 3600.0, 1800.0, 36
TALK = {"sales": 300.0, "billing": 240.0, "tech": 480.0}
PATIENCE, TARGET, AFTERWARDS = 150.0, 20.0, 20.0


@njit(cache=True)
def callers(rates, arrivals):
    """Arrival times and skills of one day, in the order of slow.py's draws."""
    n = len(rates)
    following = np.empty(n)
    times, skills = [0.0], [0]
    times.clear(), skills.clear()
    for s in range(n):
        following[s] = OPEN + arrivals.exponential(1 / rates[s, 0])
    while True:
        s = np.argmin(following)
        now = following[s]
        if now >= CLOSE:
            return np.array(times), np.array(skills)
        times.append(now)
        skills.append(s)
        following[s] = now + arrivals.exponential(1 / rates[s, int((now - OPEN) // SLOT)])


@njit(cache=True)
def simulate(time, skill, talk, patience, begin, end, can, breadth, rank, speed, state, wait):
    """One day; fills state (1 answered, 0 lost) and wait; returns the work done and the longest queue."""
    n, m, kinds = len(time), len(begin), can.shape[1]
    waiting = np.empty((kinds, n), dtype=np.int64)  # a queue a skill; those who gave up leave from its middle
    head, tail = np.zeros(kinds, dtype=np.int64), np.zeros(kinds, dtype=np.int64)
    gone = np.zeros(n, dtype=np.bool_)
    free_since, busy, on_duty = np.zeros(m), np.zeros(m, dtype=np.bool_), np.zeros(m, dtype=np.bool_)
    events = [(0.0, 0, 0)]
    events.clear()
    for a in range(m):
        heappush(events, (begin[a], 3, a))
        heappush(events, (end[a], 4, a))
    worked, in_queue, longest, k = 0.0, 0, 0, 0
    while k < n or len(events):
        agent = -1
        if k < n and (len(events) == 0 or time[k] < events[0][0]):
            c, now = k, time[k]
            k += 1
            for a in range(m):
                if on_duty[a] and not busy[a] and can[a, skill[c]]:
                    if agent < 0 or (breadth[a], free_since[a], rank[a]) < (breadth[agent], free_since[agent], rank[agent]):
                        agent = a
            if agent < 0:
                waiting[skill[c], tail[skill[c]]] = c
                tail[skill[c]] += 1
                in_queue += 1
                longest = max(longest, in_queue)
                heappush(events, (now + patience[c], 2, c))
        else:
            now, kind, who = heappop(events)
            c = -1
            if kind == 2:
                if not gone[who]:
                    gone[who] = True
                    wait[who] = now - time[who]
                    in_queue -= 1
            elif kind == 4:
                on_duty[who] = False
            else:
                if kind == 3:
                    on_duty[who] = True
                busy[who] = False
                free_since[who] = now
                if on_duty[who]:
                    for s in range(kinds):
                        if can[who, s]:
                            while head[s] < tail[s] and gone[waiting[s, head[s]]]:
                                head[s] += 1
                            if head[s] < tail[s] and (c < 0 or waiting[s, head[s]] < c):
                                c = waiting[s, head[s]]
                if c >= 0:
                    gone[c] = True
                    in_queue -= 1
                    agent = who
        if agent >= 0:
            state[c] = 1
            wait[c] = now - time[c]
            busy[agent] = True
            duration = talk[c] / speed[agent] + AFTERWARDS
            worked += duration
            heappush(events, (now + duration, 1, agent))
    return worked, longest


def seconds(clock):
    hours, minutes = clock.split(":")
    return int(hours) * 3600.0 + int(minutes) * 60.0


def statistics(state, wait):
    waits = np.sort(wait[state == 1])
    return len(state), (waits <= TARGET).sum() / len(state), (state == 0).mean(), waits.mean(), waits[int(0.9 * (len(waits) - 1))]


def main():
    forecast = {}
    with open(DATA / "forecast.csv", newline="") as f:
        for _, skill, calls in list(csv.reader(f))[1:]:
            forecast.setdefault(skill, []).append(float(calls))
    skills = sorted(forecast)
    rates = np.array([forecast[s] for s in skills]) / SLOT
    with open(DATA / "shifts.csv", newline="") as f:
        shifts = [(name, seconds(b), seconds(e), set(s.split("+")), float(v)) for name, b, e, s, v in list(csv.reader(f))[1:]]
    print(f"{len(shifts)} agents, {sum(map(sum, forecast.values())):.1f} calls expected a day, {DAYS} days a plan")

    days, mean_talk = [], np.array([TALK[s] for s in skills])
    for seed in range(1000, 1000 + DAYS):
        time, skill = callers(rates, np.random.default_rng([seed, 1]))
        talk = mean_talk[skill] * np.random.default_rng([seed, 2]).exponential(size=len(time))
        days.append((time, skill, talk, PATIENCE * np.random.default_rng([seed, 3]).exponential(size=len(time))))
    times, kinds = (np.concatenate(column) for column in list(zip(*days, strict=True))[:2])

    plans = [("as it is", [])]
    for s in ["billing", "sales", "tech"]:
        plans += [(f"+1 {s} early", [(s, 8)]), (f"+1 {s} late", [(s, 12)])]
    plans.append(("+1 all skills 10h", [("billing+sales+tech", 10)]))
    plans += [(f"+3 {when}", [(s, hour) for s in ("billing", "sales", "tech")]) for when, hour in (("early", 8), ("late", 12))]
    plans.append(("+6", [(s, h) for s in ("billing", "sales", "tech") for h in (8, 12)]))

    print("\nplan               agents  calls  level    lost     wait      p90       work    queue")
    table = []
    for name, extra in plans:
        staff = shifts + [(f"extra{k}", h * 3600.0, (h + 8) * 3600.0, set(s.split("+")), 1.0) for k, (s, h) in enumerate(extra)]
        names, begin, end, known, speed = zip(*staff, strict=True)
        begin, end, speed = np.array(begin), np.array(end), np.array(speed)
        can = np.array([[s in own for s in skills] for own in known])
        rank = np.argsort(np.argsort(np.array(names)))
        state, wait = np.zeros(len(times), dtype=np.int64), np.zeros(len(times))
        worked, longest, at = 0.0, 0, 0
        for day in days:
            part = slice(at, at := at + len(day[0]))
            w, q = simulate(*day, begin, end, can, can.sum(axis=1), rank, speed, state[part], wait[part])
            worked, longest = worked + w, max(longest, q)
        calls, level, lost, mean, p90 = statistics(state, wait)
        table.append((level, name, state, wait))
        print(f"{name:18s} {len(staff):6d} {calls:6d}  {level:.4f}  {lost:.4f}  {mean:8.4f}  "
              f"{p90:8.4f}  {worked / (DAYS * (end - begin).sum()):.4f}  {longest:4d}")

    best = max(table, key=lambda row: row[:2])
    print(f"\nbest service level: {best[1]}")
    for title, state, wait in (("as it is", *table[0][2:]), best[1:]):
        print(f"\n{title}\nhour   calls   level    lost    wait")
        groups = [(f"{h:4d} ", times // 3600 == h) for h in range(8, 20)]
        for label, part in groups + [(f"{s:8s}", kinds == k) for k, s in enumerate(skills)]:
            calls, level, lost, mean, _ = statistics(state[part], wait[part])
            print(f"{label} {calls:6d}  {level:.4f}  {lost:.4f}  {mean:8.4f}")


if __name__ == "__main__":
    main()
