"""Rounds of a loop that do not depend on each other, done side by side."""
