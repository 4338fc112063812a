"""For a checkout: the daemon, the same as `followmail run`."""

from followmail.service import main

main()
