"""Reorder policies for the warehouse.

For each item, policies (s, S) are simulated: when the stock on hand and on order falls to s or below, order up to S.
Demand and lead times are random, the same draws for every policy of an item.  The cheapest policy that reaches the
item's target of service wins; it is compared with the textbook rule.
"""

import json
import math
import random
from pathlib import Path
from statistics import NormalDist

HERE = Path(__file__).resolve().parent
DAYS = 425
WARM_UP = 60
RUNS = 3
HOLDING_RATE = 0.22 / 365  # of the unit cost, a day
STEPS = 8


def demand_stream(item, rng):
    """Endless daily demand."""
    demand = item["demand"]
    while True:
        if rng.random() < demand["chance"]:
            yield max(1, round(rng.gauss(demand["mean"], demand["deviation"])))
        else:
            yield 0


def lead_time_stream(item, rng):
    while True:
        yield rng.choice(item["lead_times"])


def expected_demand(item):
    return item["demand"]["chance"] * item["demand"]["mean"]


def demand_deviation(item):
    p, mean, deviation = item["demand"]["chance"], item["demand"]["mean"], item["demand"]["deviation"]
    return math.sqrt(p * (deviation**2 + mean**2) - (p * mean) ** 2)


def simulate(item, reorder_point, order_up_to, seed):
    """One run; returns sums over the days after the warm-up."""
    demands = demand_stream(item, random.Random(seed))
    lead_times = lead_time_stream(item, random.Random(seed + 1))
    stock = order_up_to
    pipeline = []  # (day of arrival, units)
    totals = {"demand": 0, "sold": 0, "lost": 0, "orders": 0, "units_ordered": 0, "stock_days": 0, "empty_days": 0}
    for day in range(DAYS):
        arrived = sum(units for due, units in pipeline if due <= day)
        pipeline = [(due, units) for due, units in pipeline if due > day]
        stock += arrived

        wanted = next(demands)
        sold = min(wanted, stock)
        stock -= sold

        position = stock + sum(units for _, units in pipeline)
        ordered = 0
        if position <= reorder_point:
            ordered = order_up_to - position
            pipeline.append((day + 1 + next(lead_times), ordered))

        if day >= WARM_UP:
            totals["demand"] += wanted
            totals["sold"] += sold
            totals["lost"] += wanted - sold
            totals["stock_days"] += stock
            if stock == 0:
                totals["empty_days"] += 1
            if ordered > 0:
                totals["orders"] += 1
                totals["units_ordered"] += ordered
    return totals


def evaluate(item, reorder_point, order_up_to):
    """Mean cost a day and service level over all runs."""
    cost = 0.0
    demand = sold = empty = orders = 0
    for run in range(RUNS):
        totals = simulate(item, reorder_point, order_up_to, item["seed"] + 1000 * run)
        cost += totals["stock_days"] * item["unit_cost"] * HOLDING_RATE
        cost += totals["orders"] * item["order_cost"]
        cost += totals["lost"] * item["margin"]
        demand += totals["demand"]
        sold += totals["sold"]
        empty += totals["empty_days"]
        orders += totals["orders"]
    days = RUNS * (DAYS - WARM_UP)
    return {
        "s": reorder_point,
        "S": order_up_to,
        "cost": cost / days,
        "service": sold / demand,
        "empty": empty / days,
        "orders": orders / days * 30,
    }


def textbook_policy(item):
    """Normal demand over the mean lead time, order quantity by the square-root formula."""
    lead = sum(item["lead_times"]) / len(item["lead_times"]) + 1
    z = NormalDist().inv_cdf(item["target_service"])
    mean = expected_demand(item)
    reorder_point = math.ceil(mean * lead + z * demand_deviation(item) * math.sqrt(lead))
    quantity = math.sqrt(2 * mean * item["order_cost"] / (item["unit_cost"] * HOLDING_RATE))
    return reorder_point, reorder_point + max(1, round(quantity))


def candidates(item):
    """A grid of policies around the textbook's."""
    s0, big_s0 = textbook_policy(item)
    quantity = big_s0 - s0
    tried = set()
    for i in range(STEPS):
        s = round(s0 * (0.3 + 1.7 * i / (STEPS - 1)))
        for share in (0.25, 0.5, 0.75, 1.0, 1.5):
            policy = (s, s + max(1, round(quantity * share)))
            if policy not in tried:
                tried.add(policy)
                yield policy


def search(item):
    """The cheapest policy that reaches the target, else the one with the best service."""
    best = None
    count = 0
    for s, big_s in candidates(item):
        result = evaluate(item, s, big_s)
        count += 1
        reached = result["service"] >= item["target_service"]
        key = (not reached, result["cost"] if reached else -result["service"])
        if best is None or key < best[0]:
            best = (key, result)
    return best[1], count


def main():
    items = json.loads((HERE / "data" / "items.json").read_text())
    total_textbook = total_best = 0.0
    simulated = 0
    reached = 0
    print("sku       target |  textbook s, S     cost  service |  best s, S         cost  service  empty  orders/30d")
    for item in items:
        textbook = evaluate(item, *textbook_policy(item))
        best, count = search(item)
        simulated += count * RUNS
        total_textbook += textbook["cost"]
        total_best += best["cost"]
        if best["service"] >= item["target_service"]:
            reached += 1
        print(
            f"{item['sku']:9} {item['target_service']:6.2f} |"
            f" {textbook['s']:6d} {textbook['S']:6d} {textbook['cost']:10.3f} {textbook['service']:8.4f} |"
            f" {best['s']:6d} {best['S']:6d} {best['cost']:10.3f} {best['service']:8.4f}"
            f" {best['empty']:6.3f} {best['orders']:8.2f}"
        )
    print(f"\n{simulated} runs of {DAYS} days; {reached} of {len(items)} items reach their target")
    print(f"cost a day: textbook {total_textbook:.2f}, best {total_best:.2f} ({total_best / total_textbook - 1:+.2%})")


if __name__ == "__main__":
    main()
