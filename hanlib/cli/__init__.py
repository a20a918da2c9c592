"""The command line. Commands import their dependencies when they run, so importing it is fast."""

from hanlib.cli.entry import main
