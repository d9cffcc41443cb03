"""A call centre as a discrete-event simulation: skills, patience, shifts. How many more agents does it take?

Every caller has a skill that he needs and a limit of patience. An agent takes the call that has waited longest among
those that he can answer; a new call goes to the agent who has been free longest. Each plan sees the same callers (the
random numbers for arrivals, talk and patience come from streams of their own).
"""

import csv
import heapq
import os
from collections import deque
from dataclasses import dataclass, field

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
OPEN, CLOSE, SLOT = 8 * 3600.0, 20 * 3600.0, 1800.0
DAYS = 36
TALK = {"sales": 300.0, "billing": 240.0, "tech": 480.0}
PATIENCE = 150.0
TARGET = 20.0  # seconds, for the service level

ARRIVAL, DEPARTURE, ABANDON, SHIFT_START, SHIFT_END = range(5)


def seconds(clock):
    hours, minutes = clock.split(":")
    return int(hours) * 3600.0 + int(minutes) * 60.0


@dataclass(order=True)
class Event:
    time: float
    number: int
    kind: int = field(compare=False)
    subject: object = field(compare=False)


class Call:
    def __init__(self, time, skill, talk, patience):
        self.time = time
        self.skill = skill
        self.talk = talk
        self.patience = patience
        self.state = "waiting"
        self.wait = 0.0


class Agent:
    def __init__(self, name, begin, end, skills, speed):
        self.name = name
        self.begin = begin
        self.end = end
        self.skills = skills
        self.speed = speed
        self.on_duty = False
        self.busy = False
        self.free_since = 0.0
        self.worked = 0.0
        self.calls = 0

    def can_take(self, call):
        return self.on_duty and not self.busy and call.skill in self.skills


class Streams:
    """random numbers, a stream for each purpose"""

    def __init__(self, seed):
        self.arrivals = np.random.default_rng([seed, 1])
        self.talk = np.random.default_rng([seed, 2])
        self.patience = np.random.default_rng([seed, 3])


class CallCentre:
    def __init__(self, forecast, agents, seed):
        self.forecast = forecast
        self.agents = agents
        self.streams = Streams(seed)
        self.events = []
        self.counter = 0
        self.queue = deque()
        self.calls = []
        self.longest_queue = 0

    def schedule(self, time, kind, subject):
        self.counter += 1
        heapq.heappush(self.events, Event(time, self.counter, kind, subject))

    def next_arrival(self, skill, now):
        """the next call after `now`: gaps are exponential at the rate of the slot in which they begin"""
        slot = int((now - OPEN) // SLOT)
        rate = self.forecast[skill][slot] / SLOT
        time = now + self.streams.arrivals.exponential(1 / rate)
        if time < CLOSE:
            self.schedule(time, ARRIVAL, skill)

    def run(self):
        for agent in self.agents:
            self.schedule(agent.begin, SHIFT_START, agent)
            self.schedule(agent.end, SHIFT_END, agent)
        for skill in sorted(self.forecast):
            self.next_arrival(skill, OPEN)
        while self.events:
            event = heapq.heappop(self.events)
            now = event.time
            if event.kind == ARRIVAL:
                self.on_arrival(now, event.subject)
            elif event.kind == DEPARTURE:
                self.on_departure(now, event.subject)
            elif event.kind == ABANDON:
                self.on_abandon(now, event.subject)
            elif event.kind == SHIFT_START:
                event.subject.on_duty = True
                event.subject.free_since = now
                self.look_for_work(now, event.subject)
            else:
                event.subject.on_duty = False

    def on_arrival(self, now, skill):
        talk = TALK[skill] * self.streams.talk.exponential()
        patience = PATIENCE * self.streams.patience.exponential()
        call = Call(now, skill, talk, patience)
        self.calls.append(call)
        self.next_arrival(skill, now)
        free = [agent for agent in self.agents if agent.can_take(call)]
        if free:
            # somebody with few skills first, then who has been free longest
            agent = min(free, key=lambda a: (len(a.skills), a.free_since, a.name))
            self.answer(now, agent, call)
        else:
            self.queue.append(call)
            self.longest_queue = max(self.longest_queue, len(self.queue))
            self.schedule(now + patience, ABANDON, call)

    def answer(self, now, agent, call):
        call.state = "answered"
        call.wait = now - call.time
        agent.busy = True
        duration = call.talk / agent.speed + 20.0
        agent.worked += duration
        agent.calls += 1
        self.schedule(now + duration, DEPARTURE, agent)

    def on_departure(self, now, agent):
        agent.busy = False
        agent.free_since = now
        self.look_for_work(now, agent)

    def look_for_work(self, now, agent):
        for call in self.queue:
            if agent.can_take(call):
                self.queue.remove(call)
                self.answer(now, agent, call)
                return

    def on_abandon(self, now, call):
        if call.state == "waiting":
            call.state = "lost"
            call.wait = now - call.time
            self.queue.remove(call)


def read_forecast():
    forecast = {}
    with open(os.path.join(HERE, "data", "forecast.csv"), newline="") as f:
        for row in csv.DictReader(f):
            forecast.setdefault(row["skill"], []).append(float(row["calls"]))
    return forecast


def read_shifts():
    shifts = []
    with open(os.path.join(HERE, "data", "shifts.csv"), newline="") as f:
        for row in csv.DictReader(f):
            shifts.append((row["agent"], seconds(row["begin"]), seconds(row["end"]), set(row["skills"].split("+")),
                           float(row["speed"])))
    return shifts


def simulate(forecast, shifts):
    """all calls of all days, and the share of the time on duty that agents worked"""
    calls = []
    worked = duty = 0.0
    longest = 0
    for day in range(DAYS):
        agents = [Agent(*shift) for shift in shifts]
        centre = CallCentre(forecast, agents, seed=1000 + day)
        centre.run()
        calls.extend(centre.calls)
        worked += sum(a.worked for a in agents)
        duty += sum(a.end - a.begin for a in agents)
        longest = max(longest, centre.longest_queue)
    return calls, worked / duty, longest


def statistics(calls):
    answered = [c for c in calls if c.state == "answered"]
    lost = [c for c in calls if c.state == "lost"]
    in_time = [c for c in answered if c.wait <= TARGET]
    waits = sorted(c.wait for c in answered)
    return {
        "calls": len(calls),
        "level": len(in_time) / len(calls),
        "lost": len(lost) / len(calls),
        "wait": sum(waits) / len(waits),
        "p90": waits[int(0.9 * (len(waits) - 1))],
    }


def main():
    forecast = read_forecast()
    shifts = read_shifts()
    expected = sum(sum(v) for v in forecast.values())
    print(f"{len(shifts)} agents, {expected:.1f} calls expected a day, {DAYS} days a plan")

    plans = [("as it is", [])]
    for skills in ["billing", "sales", "tech"]:
        plans.append((f"+1 {skills} early", [(skills, 8.0)]))
        plans.append((f"+1 {skills} late", [(skills, 12.0)]))
    plans.append(("+1 all skills 10h", [("billing+sales+tech", 10.0)]))
    plans.append(("+3 early", [("billing", 8.0), ("sales", 8.0), ("tech", 8.0)]))
    plans.append(("+3 late", [("billing", 12.0), ("sales", 12.0), ("tech", 12.0)]))
    plans.append(("+6", [(s, h) for s in ("billing", "sales", "tech") for h in (8.0, 12.0)]))

    print("\nplan               agents  calls  level    lost     wait      p90       work    queue")
    table = []
    for name, extra in plans:
        staff = list(shifts)
        for k, (skills, hour) in enumerate(extra):
            staff.append((f"extra{k}", hour * 3600, (hour + 8) * 3600, set(skills.split("+")), 1.0))
        calls, occupancy, longest = simulate(forecast, staff)
        s = statistics(calls)
        table.append((s["level"], name, calls))
        print(f"{name:18s} {len(staff):6d} {s['calls']:6d}  {s['level']:.4f}  {s['lost']:.4f}  {s['wait']:8.4f}  "
              f"{s['p90']:8.4f}  {occupancy:.4f}  {longest:4d}")

    best = max(table)
    print(f"\nbest service level: {best[1]}")
    for title, calls in [("as it is", table[0][2]), (best[1], best[2])]:
        print(f"\n{title}\nhour   calls   level    lost    wait")
        for hour in range(8, 20):
            part = [c for c in calls if hour * 3600 <= c.time < (hour + 1) * 3600]
            s = statistics(part)
            print(f"{hour:4d}  {s['calls']:6d}  {s['level']:.4f}  {s['lost']:.4f}  {s['wait']:8.4f}")
        for skill in sorted(forecast):
            s = statistics([c for c in calls if c.skill == skill])
            print(f"{skill:8s} {s['calls']:6d}  {s['level']:.4f}  {s['lost']:.4f}  {s['wait']:8.4f}")


if __name__ == "__main__":
    main()
