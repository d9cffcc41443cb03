"""What a run leaves behind: the patch, the optimised copy, the record; and applying it."""
