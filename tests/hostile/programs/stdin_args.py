"""Standard input, arguments, names and paths of the program itself."""
import os
import sys

values = [int(line) for line in sys.stdin if line.strip()]
best = None
pairs = 0
for i in range(len(values)):
    for j in range(len(values)):
        d = abs(values[i] - values[j])
        if i != j and d < 10:
            pairs += 1
        if best is None or d > best:
            best = d
print(best, pairs, sys.argv[1:], __name__, os.path.basename(__file__), os.path.basename(os.getcwd()) != "")
print(os.path.exists(os.path.join(os.path.dirname(os.path.abspath(__file__)), "stdin_args.py")), __doc__[:8])
