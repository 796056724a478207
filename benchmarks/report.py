"""How a benchmark says what it measured: a table for people, a line of JSON for programs."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class Row:
    """One figure, and the limit it should keep."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    sense: Literal["at least", "at most"] = "at most"

    @property
    def is_kept(self) -> bool:
        """Whether the limit is kept; true where there is none."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.sense == "at least" else self.value <= self.limit


def tell(question: str, rows: list[Row]) -> bool:
    """Print the rows; return whether all limits are kept."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"\n{question}   ({platform.machine()}, {os.cpu_count()} cores, load {load:.1f})")
    for row in rows:
        limit = "" if row.limit is None else f"{row.sense} {row.limit:g}"
        mark = "" if row.limit is None else ("kept" if row.is_kept else "NOT KEPT")
        print(f"  {row.what:<52} {row.value:>10.3f} {row.unit:<6} {limit:<14} {mark}")
    figures = [asdict(row) | {"kept": row.is_kept} for row in rows]
    print(json.dumps({"question": question, "load": load, "rows": figures}), flush=True)
    return all(row.is_kept for row in rows)
