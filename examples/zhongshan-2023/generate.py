#!/usr/bin/env python3
"""Write the sample input of Zhongshan, 2023: the same bytes on every run.

Usage: ``generate.py`` writes the CSV files beside this file; ``generate.py --check`` writes them to
a temporary folder and fails when a file here differs.
"""

import csv
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

from generator.employers import add_employers  # noqa: E402
from generator.law_cases import add_law_cases  # noqa: E402
from generator.population import add_population  # noqa: E402
from generator.status_traps import add_status_traps  # noqa: E402
from generator.taxes import add_taxes  # noqa: E402
from generator.work_traps import add_work_traps  # noqa: E402
from generator.world import COLUMNS, World  # noqa: E402

HERE = Path(__file__).resolve().parent


def build():
    """Make the whole world in memory."""
    world = World()
    add_employers(world)
    add_law_cases(world)
    add_status_traps(world)
    add_work_traps(world)
    add_population(world)
    add_taxes(world)
    return world


def write(world, folder):
    """Write one CSV file a table: UTF-8, a header, LF."""
    for table, columns in COLUMNS.items():
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(world.rows[table])


def differing(folder):
    """The tables whose file here is not byte for byte that of a folder."""
    names = [f"{table}.csv" for table in COLUMNS]
    return [
        name
        for name in names
        if not (HERE / name).exists() or (HERE / name).read_bytes() != (folder / name).read_bytes()
    ]


def main(arguments):
    """Write, or compare with ``--check``."""
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    if not arguments:
        write(build(), HERE)
        return 0
    with tempfile.TemporaryDirectory() as name:
        write(build(), Path(name))
        stale = differing(Path(name))
    for name in stale:
        print(f"differs from what generate.py writes: {name}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
