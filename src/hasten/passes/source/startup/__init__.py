"""Less time before the work begins: what is imported and not needed, or needed late."""
