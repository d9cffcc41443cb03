"""What answers for a model once hasten is done: `hasten.load(folder)`. Needs NumPy and the chosen backend's package."""
