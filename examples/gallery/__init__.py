"""The gallery (docs/gallery): real runs of hasten on the cases in `examples/`, and the pages made from their results."""
