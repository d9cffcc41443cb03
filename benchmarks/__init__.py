"""How fast hasten makes programs, against an expert's versions; how much its profiler and its start cost."""
