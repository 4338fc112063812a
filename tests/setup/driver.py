"""The installed command in a process of its own, at a terminal, on a small internet: `driver.py INTERNET.json WORDS…`."""

import fcntl
import signal
import socket
import sys
import termios
from dataclasses import replace
from pathlib import Path

from followmail.cli import main, setting_up
from followmail.oauth.registration import ENDPOINTS
from followmail.options import Provider
from tests.discovery.internet import Plan
from tests.servers.oauth import endpoints

if __name__ == "__main__":
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C is a signal, and a password is asked without echo
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background ignores it
    plan = Plan.read(Path(sys.argv[1]))
    socket.getaddrinfo = plan.getaddrinfo  # type: ignore[assignment]
    setting_up.network = plan.network()
    if plan.oauth:
        ENDPOINTS[Provider.MICROSOFT] = replace(endpoints(plan.oauth), name="Microsoft")
    main(sys.argv[2:])
