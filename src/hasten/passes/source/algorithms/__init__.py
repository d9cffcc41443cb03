"""Passes that put another algorithm in place: for the same result by less work (HST901 and on), or, where the user has
named a quality, for another result that is at least as good (HST951 and on)."""
