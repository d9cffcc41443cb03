from .maths import energy

__all__ = ["energy"]
