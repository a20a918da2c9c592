"""Describes the machine: processor, cores, versions, and the command."""

import os
import platform
import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("hanlib", "tensorflow", "keras", "torch", "numpy")


def machine():
    """The facts for the heading of a table, by name."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "command": command(sys.argv),
    }


def command(argv):
    """The command without options that only contain local paths.

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
    """The name of the processor, with its model number if the name is not specific."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = dict(
        reversed([[p.strip() for p in line.split(":", 1)] for line in lines if ":" in line])
    )
    name = facts.get("model name", platform.machine())
    flags = facts.get("flags", "").split()
    found = [
        next((label for flag, label in kinds.items() if flag in flags), None)
        for kinds in (_WIDTHS, _BFLOAT16)
    ]
    family = f"family {facts.get('cpu family', '?')}, model {facts.get('model', '?')}"
    return ", ".join(part for part in (name, family, *found) if part)


_WIDTHS = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX"}
_BFLOAT16 = {"amx_bf16": "bfloat16 with AMX", "avx512_bf16": "bfloat16 with AVX-512"}


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None
