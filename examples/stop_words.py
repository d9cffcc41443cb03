"""Which words of a long text are left without its stop words, and how often each comes.

A small slow program: the list of stop words is searched from its beginning for every word of the text. Try

    hasten run examples/stop_words.py
"""

STOP_WORDS = 1500
LENGTH = 60_000


def text(length, words):
    """A made-up text; the same one every time."""
    state, out = 1, []
    for _ in range(length):
        state = (state * 1103515245 + 12345) % 2**31
        out.append(f"word{state // 65536 % words}")
    return out


def counted(words, stop):
    counts = {}
    for word in words:
        if word not in stop:
            counts[word] = counts.get(word, 0) + 1
    return counts


stop = [f"word{2 * i}" for i in range(STOP_WORDS)]
counts = counted(text(LENGTH, 3 * STOP_WORDS), stop)
for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5]:
    print(f"{count:5}  {word}")
print(f"{len(counts)} words, {sum(counts.values())} in all")
