"""Threads and processes beside hot loops."""
import multiprocessing as mp
import threading
from concurrent.futures import ThreadPoolExecutor

results = {}
lock = threading.Lock()
shared = []


def work(k):
    s = 0
    for i in range(60_000):
        s += (i * k) % 11
    with lock:
        results[k] = s
    shared.append(k)
    return s


def child(x):
    t = 0
    for i in range(20_000):
        t += i % (x + 1)
    return t


if __name__ == "__main__":
    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(sorted(results.items()), sorted(shared))
    with ThreadPoolExecutor(2) as pool:
        print(list(pool.map(work, [5, 6])))
    with mp.get_context("spawn").Pool(2) as pool:
        print(pool.map(child, range(6)))
