"""The command line. Importing it takes no time: each command imports what it needs when it runs."""

from hanlib.cli.entry import main
