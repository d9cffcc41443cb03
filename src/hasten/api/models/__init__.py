"""`hasten.run` on a trained model: its files, its data, and what can be wrong with them."""
