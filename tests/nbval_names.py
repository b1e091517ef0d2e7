"""A plugin for nbval: a failing cell is called by its id, the name that the notebook and the ledger know it by."""

from __future__ import annotations

from typing import Any

from nbval.plugin import IPyNbCell

from_parent = IPyNbCell.from_parent.__func__


def named(cls: type, parent: Any, *, name: str, cell: Any, **details: Any) -> IPyNbCell:
    """As nbval makes the test of a cell, but named ``Cell 3 (id size-formula)``."""
    return from_parent(cls, parent, name=f"{name} (id {cell.get('id')})", cell=cell, **details)


IPyNbCell.from_parent = classmethod(named)
