"""Helpers with operators, or with something else unusual in them, that column passes put into programs.

As they stand in a file that calls its libraries by their usual names. What is known to be put there is no code of the
user: it is no region, and its operators and methods, which answer as those of pandas do, count no more than those of
pandas when a later round asks what the program's own classes do.
"""

from __future__ import annotations

from hasten.passes.source.columns import emitted, emitted_kept

HELPERS = {
    "_ColumnLists": emitted.COLUMN_LISTS,
    "_RowView": emitted.ROW_VIEW,
    "_Positions": emitted.POSITIONS,
    "_ColumnPart": emitted.COLUMN_PART,
    "_FramePart": emitted.FRAME_PART,
    "_FrameParts": emitted.FRAME_PARTS,
    "_RowsByKey": emitted.KEYED_ROWS,
    "_RowsBehind": emitted.ROWS_BEHIND,
    "_CellTable": emitted.CELL_TABLE,
    "_CellWriter": emitted.CELL_WRITER,
    "_KeptParts": emitted_kept.KEPT_PARTS,
    "_apply_to_windows": emitted_kept.APPLY_TO_WINDOWS,
}
USUAL = {
    **{name: name for name in ("np", "pd", "sys", "operator", "datetime", "weakref")},
    **{"types": "_KEY_TYPES", "positions": "_Positions", "column_part": "_ColumnPart", "frame_part": "_FramePart"},
    **{"frame_parts": "_FrameParts", "cell_lists": "_cell_lists"},
}


def usual() -> set[str]:
    """The texts of all classes, with usual names."""
    return {text.format(**USUAL, name=name) for name, text in HELPERS.items()}
