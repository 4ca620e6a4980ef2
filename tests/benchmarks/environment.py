"""Where figures were measured."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


def environment() -> dict[str, str | int]:
    """Versions, the machine and the day, as the table and its JSON carry them."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "songhe": version("songhe"),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "numba", "mesa")},
        "cpu": processor(),
        "cores": os.cpu_count() or 1,
    }


def processor() -> str:
    """The processor's name where the system tells it, else its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
