"""Leaves out the doctests of packages whose optional requirement is not installed."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("apache_beam") else ["hanlib/beam/*.py"]
