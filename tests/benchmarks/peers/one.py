"""Run by each peer's own Python: live the simple workload in it and print its tables as JSON.

Asked for as `one.py NAME PERSONS YEARS SEED`, with tests/benchmarks on the path.
"""

import importlib
import json
import sys
from importlib.metadata import version
from time import process_time

name = sys.argv[1]
persons, years, seed = map(int, sys.argv[2:])
live, life = importlib.import_module(f"in_{name}").prepare(persons, years, seed)
began = process_time()
live()
seconds = process_time() - began
print(
    json.dumps(
        {
            "version": version(name),
            "seconds": seconds,
            "tables": [table.tolist() for table in life.tables],
        }
    )
)
