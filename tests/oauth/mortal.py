"""A followmail that dies, as tests/faults/mortal.py has it, with the provider at this port in place of Google."""

import sys

from followmail.oauth.registration import ENDPOINTS
from followmail.options import Provider
from tests.faults.mortal import live
from tests.oauth.command import endpoints

if __name__ == "__main__":
    ENDPOINTS[Provider.GOOGLE] = endpoints(int(sys.argv[1]))
    live()
