"""What holds for all tests."""

from __future__ import annotations

import gc

# Compilers and syntax trees make objects by the million that live on: with Python's own thresholds (700, 10, 10) a tenth of
# the CPU time of the kernels' tests goes into looking through them again.
gc.set_threshold(20_000, 10, 10)
