"""What was measured on: processor, cores, versions, and the command."""

import os
import platform
import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("hanlib", "tensorflow", "keras", "torch", "numpy")


def machine():
    """The facts of a table's heading, by name."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "command": command(sys.argv),
    }


def command(argv):
    """The command as others would type it: without the options that only say where things lie.

    >>> command(["/home/me/benchmarks/limit.py", "--rounds", "3", "--cache", "/tmp/x"])
    'python benchmarks/limit.py --rounds 3'
    """
    kept, options = [], iter(argv[1:])
    for option in options:
        name, equals, _ = option.partition("=")
        if name not in ("--cache", "--data-dir", "--json"):
            kept.append(option)
        elif not equals:
            next(options, None)
    return shlex.join(["python", f"benchmarks/{Path(argv[0]).name}", *kept])


def processor():
    """The processor's name, with its model number where the name alone says little."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = dict(
        reversed([[p.strip() for p in line.split(":", 1)] for line in lines if ":" in line])
    )
    name = facts.get("model name", platform.machine())
    widest = next(
        (label for flag, label in _WIDTHS.items() if flag in facts.get("flags", "").split()), None
    )
    family = f"family {facts.get('cpu family', '?')}, model {facts.get('model', '?')}"
    return ", ".join(part for part in (name, family, widest) if part)


_WIDTHS = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX"}


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None
