"""`python -m tests.oauth.command PORT WORDS…`: the followmail command, with the provider at this port in place of Google.

Light on purpose: a test starts it as a process.
"""

import signal
import sys
from dataclasses import replace

from followmail.oauth.registration import ENDPOINTS, Endpoints
from followmail.options import Provider


def endpoints(port: int) -> Endpoints:
    """Google, as far as followmail knows, is this machine."""
    here = f"http://127.0.0.1:{port}"
    return replace(
        ENDPOINTS[Provider.GOOGLE], authorize=f"{here}/authorize", token=f"{here}/token", device=f"{here}/device"
    )


if __name__ == "__main__":
    ENDPOINTS[Provider.GOOGLE] = endpoints(int(sys.argv.pop(1)))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has it ignored
    from followmail.cli import main

    main()
