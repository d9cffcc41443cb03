"""The nouns of hasten (see docs/design.md). Values only: nothing here runs a program or touches a disk."""
