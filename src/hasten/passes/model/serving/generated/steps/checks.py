"""What scikit-learn checks where a step takes numbers, in the batch and in the row function."""

from __future__ import annotations

from collections.abc import Sequence

from hasten.passes.model.serving.generated import helpers
from hasten.passes.model.serving.generated.blocks import Block, Blocks, Numbers, Scalar, joined
from hasten.passes.model.serving.generated.writer import Writer


def checked(blocks: Blocks, w: Writer, *, nan: bool, swallows: bool = False) -> Numbers:
    """All blocks as one matrix that was checked: infinity is refused, and NaN unless `nan`.

    Numbers that are not finite show in the end of the row function, where they end in a score that is not finite;
    `swallows` says that they would not after this step (and `w.open` that nothing looks at them in the end).
    """
    made = joined(blocks, w)
    w.do(f"{w.helper(helpers.finite)}({made.array}{', nan=True' if nan else ''})")
    if (swallows or w.open) and made.scalars is not None:
        guard(made.scalars, w, nan=nan)
    return made


def guard(scalars: Sequence[Scalar], w: Writer, *, nan: bool) -> None:
    """Row function: leave it where one of these is not finite."""
    for s in scalars:
        name = w.row_let("v", s.text)
        # None minus None raises TypeError, which leaves it too
        wrong = f"{name} - {name} != 0.0" + (f" and {name} == {name}" if nan else "")
        w.row_do(f"if {wrong}:")
        w.row_do('    raise ValueError("not finite")')


def dropped(blocks: Sequence[Block], w: Writer, *, nan: bool) -> None:
    """Features that a step checks, and that nothing after it uses."""
    for b in blocks:
        if isinstance(b, Numbers) and b.scalars is not None:
            guard(b.scalars, w, nan=nan)


def atoms(made: Numbers, w: Writer, hint: str = "v") -> list[str] | None:
    """Names (or other short expressions) of the values of one row, for steps that use them more than once."""
    if made.scalars is None:
        return None
    return [w.row_let(hint, s.value) for s in made.scalars]
