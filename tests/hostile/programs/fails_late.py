"""Ends with a non-zero status of its own after hot work, and writes where it should."""
import json
import os
import sys

scores = []
for i in range(150_000):
    scores.append((i * 2654435761 % 1000) / 1000)
os.makedirs("made", exist_ok=True)
with open("made/scores.json", "w") as f:
    json.dump({"mean": sum(scores) / len(scores), "n": len(scores)}, f)
with open("made/raw.bin", "wb") as f:
    f.write(bytes(int(s * 255) for s in scores[:1000]))
bad = 0
for s in scores:
    if s > 0.999 or s < 0:
        bad += 1
print("bad", bad, file=sys.stderr)
sys.exit(4 if bad else 0)
