"""The provider, and a mailbox that takes its tokens."""

from tests.faults import conftest as faults
from tests.servers import oauth

strace, every_moment = faults.strace, faults.every_moment

provider_of_the_run = oauth.provider_of_the_run
provider = oauth.provider
dovecot_by_token = oauth.dovecot_by_token
oauth_world = oauth.oauth_world
