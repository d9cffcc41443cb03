"""The random draws of an item are made once for all its policies; the days of all policies run in Numba.

Orders on their way are kept by day of arrival, stock and orders are integers, so nothing is rounded on the way.
"""

import json
import math
import random
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numba import njit

HERE = Path(__file__).resolve().parent
DAYS, WARM_UP, RUNS, STEPS = 425, 60, 3, 8
HOLDING_RATE = 0.22 / 365


def draws(item, seed):
    """Demand of every day, and as many lead times as there could be orders."""
    rng, about = random.Random(seed), item["demand"]
    chance, mean, deviation = about["chance"], about["mean"], about["deviation"]
    uniform, gauss = rng.random, rng.gauss
    demand = [max(1, round(gauss(mean, deviation))) if uniform() < chance else 0 for _ in range(DAYS)]
    choice, times = random.Random(seed + 1).choice, item["lead_times"]
    return demand, [choice(times) for _ in range(DAYS)]


@njit(cache=True)
def simulate(policies, demands, lead_times):
    """Demand, sold, orders, stock days, empty days of every policy and run."""
    totals = np.zeros((len(policies), len(demands), 5), dtype=np.int64)
    due = np.zeros(DAYS + lead_times.max() + 2, dtype=np.int64)
    for p in range(len(policies)):
        reorder_point, order_up_to = policies[p]
        for run in range(len(demands)):
            due[:] = 0
            stock, coming, order = order_up_to, 0, 0
            wanted_sum = sold_sum = orders = stock_days = empty_days = 0
            for day in range(DAYS):
                stock += due[day]
                coming -= due[day]
                wanted = demands[run, day]
                sold = min(wanted, stock)
                stock -= sold
                units = order_up_to - stock - coming
                if stock + coming <= reorder_point:
                    due[day + 1 + lead_times[run, order]] += units
                    coming += units
                    order += 1
                    if day >= WARM_UP and units > 0:
                        orders += 1
                if day >= WARM_UP:
                    wanted_sum += wanted
                    sold_sum += sold
                    stock_days += stock
                    empty_days += stock == 0
            totals[p, run] = wanted_sum, sold_sum, orders, stock_days, empty_days
    return totals


def textbook_policy(item):
    p, mean, deviation = (item["demand"][name] for name in ("chance", "mean", "deviation"))
    spread = math.sqrt(p * (deviation**2 + mean**2) - (p * mean) ** 2)
    lead = sum(item["lead_times"]) / len(item["lead_times"]) + 1
    z = NormalDist().inv_cdf(item["target_service"])
    reorder_point = math.ceil(p * mean * lead + z * spread * math.sqrt(lead))
    quantity = math.sqrt(2 * (p * mean) * item["order_cost"] / (item["unit_cost"] * HOLDING_RATE))
    return reorder_point, reorder_point + max(1, round(quantity))


def main():
    items = json.loads((HERE / "data" / "items.json").read_text())
    all_textbook = all_best = 0.0
    simulated = reached = 0
    print("sku       target |  textbook s, S     cost  service |  best s, S         cost  service  empty  orders/30d")
    days = RUNS * (DAYS - WARM_UP)
    for item in items:
        s0, big_s0 = textbook_policy(item)
        shares = [max(1, round((big_s0 - s0) * share)) for share in (0.25, 0.5, 0.75, 1.0, 1.5)]
        levels = [round(s0 * (0.3 + 1.7 * i / (STEPS - 1))) for i in range(STEPS)]
        grid = list(dict.fromkeys((s, s + q) for s in levels for q in shares))
        policies = np.array([(s0, big_s0), *grid])
        drawn = [draws(item, item["seed"] + 1000 * run) for run in range(RUNS)]
        demands, lead_times = np.array([d for d, _ in drawn]), np.array([t for _, t in drawn])
        totals = simulate(policies, demands, lead_times)
        demand, sold, orders, stock_days, empty = np.moveaxis(totals, 2, 0)
        cost = np.zeros(len(policies))
        for run in range(RUNS):
            cost += stock_days[:, run] * item["unit_cost"] * HOLDING_RATE
            cost += orders[:, run] * item["order_cost"]
            cost += (demand - sold)[:, run] * item["margin"]
        cost /= days
        service = sold.sum(axis=1) / demand.sum(axis=1)
        empty, orders = empty.sum(axis=1) / days, orders.sum(axis=1) / days * 30

        enough = service[1:] >= item["target_service"]
        best = 1 + int(np.argmin(np.where(enough, cost[1:], np.inf)) if enough.any() else np.argmax(service[1:]))
        simulated += len(grid) * RUNS
        reached += enough.any()
        all_textbook += cost[0]
        all_best += cost[best]
        print(
            f"{item['sku']:9} {item['target_service']:6.2f} |"
            f" {s0:6d} {big_s0:6d} {cost[0]:10.3f} {service[0]:8.4f} |"
            f" {policies[best, 0]:6d} {policies[best, 1]:6d} {cost[best]:10.3f} {service[best]:8.4f}"
            f" {empty[best]:6.3f} {orders[best]:8.2f}"
        )
    print(f"\n{simulated} runs of {DAYS} days; {reached} of {len(items)} items reach their target")
    print(f"cost a day: textbook {all_textbook:.2f}, best {all_best:.2f} ({all_best / all_textbook - 1:+.2%})")


if __name__ == "__main__":
    main()
