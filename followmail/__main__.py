"""`python -m followmail`."""

from followmail.cli import main

main()
