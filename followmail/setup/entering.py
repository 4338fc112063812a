"""The way in: from the address to a login that works, each fault named with what to do about it."""

from dataclasses import dataclass, field

from followmail.discovery import providers
from followmail.discovery.endpoint import Endpoint, Protocol, alternatives, usual
from followmail.discovery.network import Network
from followmail.discovery.probe import Outcome, Probe
from followmail.discovery.providers import Provider
from followmail.discovery.remedies import login_refused, sending_refused
from followmail.discovery.search import Candidate, Found, Source, find, look_at
from followmail.discovery.verdict import most_telling, why_none, why_not
from followmail.errors import FollowmailError, LoginRefused, SettingsError
from followmail.imap.session import Session
from followmail.mail.identity import canonical, is_address
from followmail.options import Security
from followmail.setup.answers import Answers
from followmail.setup.terminal import GivenUp, Terminal, valid, yes
from followmail.smtp import probe as log_in_to_send

_UNAVAILABLE = 69
# Any of these says how the login is proven.
_PROOFS = "PASSWORD", "PASSWORD_FILE", "PASSWORD_COMMAND", "TOKEN_COMMAND", "OAUTH_CLIENT_ID"
_HOW = {
    Source.TABLE: "{domain} is {provider}",
    Source.MX: "{domain} has its mail at {provider}",
    Source.AUTOCONFIG: "{domain} names its server",
    Source.SRV: "{domain} names its server",
    Source.GUESS: "A server of {domain} was found",
    Source.HAND: "It answers",
}
# With these no server can be named by hand either.
_NO_WAY_OUT = frozenset({Outcome.NO_NETWORK})


@dataclass(slots=True)
class Entry:
    """Finds the servers of one address and logs in there."""

    t: Terminal
    network: Network
    answers: Answers
    found: Found = field(init=False)
    provider: Provider | None = None
    probe: Probe | None = None  # what the IMAP server was seen to be
    logged_in: bool = False  # by OAuth2: its tokens are kept, whatever comes of the rest

    def __post_init__(self) -> None:
        self.found = Found(self.answers.text("ADDRESS"))

    @property
    def address(self) -> str:
        return self.answers.text("ADDRESS")

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def log_in(self) -> Session:
        """A live session. Raises GivenUp."""
        if not self.answers.text("IMAP_HOST"):
            self._find()
        else:
            server = standing_server(self.answers)
            self.provider = providers.of_server(server.host, server.port, self.domain)
        while True:
            self._ask_secret()
            session = self._try()
            if session is not None:
                return session

    # ---- the server

    def _find(self) -> None:
        self.t.say(f"Looking for the mail server of {self.domain} …")
        self.found = find(self.address, self.network)
        self.provider = self.found.provider
        if self.found.imap:
            if self._may_be(self.found.imap[0]):
                self._take(self.found.imap[0])
            else:
                self._by_hand()
            return
        sentence = why_none(self.found)
        if self.found.lying_names or self._is_cut_off() or (self.provider and self.provider.none):
            raise GivenUp(sentence, _UNAVAILABLE)
        self.t.say(sentence)
        if self._is_nowhere() and self._other_address():
            self._find()
        else:
            self._by_hand()

    def _may_be(self, candidate: Candidate) -> bool:
        """A name that DNS alone gave, outside the domain, is shown to the person first (RFC 6186 §6): DNS may lie."""
        host = candidate.endpoint.host
        if candidate.source not in (Source.SRV, Source.GUESS) or f".{host}".endswith(f".{self.domain}"):
            return True
        return yes(self.t, f"{host} is not in {self.domain}. Is that your provider's server?", default=False)

    def _is_nowhere(self) -> bool:
        """Whether the domain is perhaps mistyped: nobody knows any name in it."""
        return {probe.outcome for probe in self.found.probes} == {Outcome.NO_NAME} and self.found.provider is None

    def _other_address(self) -> bool:
        """Whether the person corrects the address."""
        if "FOLLOWMAIL_ADDRESS" in self.answers.standing:
            return False
        before = self.address
        self.answers.give("ADDRESS", ask_address(self.t, before))
        return self.address != before

    def _is_cut_off(self) -> bool:
        outcomes = {probe.outcome for probe in self.found.probes}
        strange = [probe.endpoint.host for probe in self.found.probes if probe.outcome is Outcome.CERTIFICATE]
        stranger = self.provider is not None and any(map(self.provider.runs, strange))
        return stranger or (bool(outcomes) and outcomes <= _NO_WAY_OUT)

    def _by_hand(self) -> None:
        """The server as a person names it; port and encryption are found out."""
        while True:
            typed = self.t.ask("Your IMAP server, as your provider names it (Enter alone: stop)").strip()
            if not typed:
                raise GivenUp("Nothing was written; when you know your mail server, run `followmail init` again.")
            try:
                seen = look_at(self.network, alternatives("imap", typed))
            except ValueError as fault:
                self.t.say(f"{fault}.")
                continue
            good = next((one for one in seen if one.good), None)
            if good is not None:
                self.probe = good
                self.provider = providers.of_server(good.endpoint.host, good.endpoint.port, self.domain)
                self.found = Found(self.address)  # what was found for another server is none of this one's business
                self._take(Candidate(good.endpoint, self.address, Source.HAND))
                return
            worst = most_telling(seen)
            self.t.say(why_not(worst) if worst else "")

    def _take(self, candidate: Candidate) -> None:
        """This server it is."""
        endpoint = candidate.endpoint
        name = self.provider.name if self.provider else ""
        self.t.say(f"{_HOW[candidate.source].format(domain=self.domain, provider=name)}: {endpoint}.")
        self.probe = self.found.offers(endpoint) or self.probe
        give_server(self.answers, endpoint)
        self.answers.give("IMAP_USER", "" if candidate.user == self.address else candidate.user)

    # ---- the password

    def _ask_secret(self) -> None:
        if any(self.answers.text(name) for name in _PROOFS):
            return
        if (self.provider and not self.provider.takes_password) or (self.probe and not self.probe.takes_password):
            self._by_oauth()
            return
        wants_app = self.provider is not None and self.provider.wants_app_password
        if wants_app and self.provider is not None:
            self.t.say(f"{self.provider.advice()}")
        where = self.answers.text("IMAP_HOST")
        typed = self.t.secret(f"{'App password' if wants_app else 'Password'} for {where} (Enter alone: another way)")
        if typed:
            # Google shows app passwords in four groups; the blanks are no part of them.
            self.answers.give("PASSWORD", typed.replace(" ", "") if wants_app and len(typed) == 19 else typed)
        elif self.provider is not None and self.provider.oauth and yes(self.t, "Log in by OAuth2?"):
            self._by_oauth()
        else:
            self._other_server()
            self._ask_secret()

    def _by_oauth(self) -> None:
        """By a client of the person's own at the provider, else by a program that prints tokens."""
        advice = self.provider.advice() if self.provider else "This server takes no passwords from programs"
        self.t.say(f"{advice}; docs/oauth.md tells how.")
        provider = self.provider.oauth if self.provider else ""
        client = (
            self.t.ask(f"Client id of your own application at {provider.title()} (Enter alone: another way)")
            if provider
            else ""
        )
        if not client.strip():
            command = self.t.ask("A command that prints an access token (Enter alone: stop)").strip()
            if not command:
                raise GivenUp(f"{advice}; docs/oauth.md tells how.", LoginRefused.exit_status)
            self.answers.give("TOKEN_COMMAND", command)
            self.answers.give("AUTH", "oauth2")
            return
        self.answers.give("AUTH", "oauth2")
        self.answers.give("OAUTH_PROVIDER", provider)
        self.answers.give("OAUTH_CLIENT_ID", client.strip())
        if self.found.imap and self.found.imap[0].source is Source.MX and provider == "microsoft":
            self.answers.give("OAUTH_TENANT", self.domain)  # a client may be registered for the company alone
        if provider == "google":
            self.answers.give("OAUTH_CLIENT_SECRET", self.t.secret("Its client secret").strip())
        device = provider == "microsoft" and not yes(
            self.t, "Is there a browser on this machine? (n: a code for your phone)"
        )
        office = self.answers.office()
        try:
            self.t.log_in(office, device)
            self.logged_in = True
        except FollowmailError as fault:
            self.t.say(str(fault))
            self._forget_proof()
            self._ask_secret()
        finally:
            office.close()

    def _forget_proof(self) -> None:
        for name in (*_PROOFS, "AUTH", "OAUTH_PROVIDER", "OAUTH_CLIENT_SECRET", "OAUTH_TENANT"):
            self.answers.give(name, "")

    def _other_server(self) -> None:
        self.probe = self.provider = None
        self._by_hand()
        user = self.t.ask("Login name", self.answers.text("IMAP_USER") or self.address).strip()
        self.answers.give("IMAP_USER", "" if user == self.address else user)

    def _try(self) -> Session | None:
        """One login. A refused password is asked for again; a server that fails is told, and another may be named."""
        self.t.say("Logging in …")
        office = self.answers.office()
        try:
            return office.connect()
        except LoginRefused as fault:
            self._refused(fault)
        except SettingsError:
            raise
        except FollowmailError as fault:
            self._unreached(fault)
        finally:
            office.close()
        return None

    def _refused(self, fault: LoginRefused) -> None:
        if self.answers.text("AUTH") == "oauth2":
            remedy = "the token was not taken: was it another account, or must your administrator allow IMAP"
        else:
            remedy = login_refused(str(fault), self.provider)
        sentence = f"{fault}\nSo the server is right, and {remedy}."
        if any(f"FOLLOWMAIL_{name}" in self.answers.standing for name in _PROOFS):
            raise GivenUp(f"{sentence}\nNothing was changed: mend it in {self.answers.file}.", fault.exit_status)
        self.t.say(sentence)
        self._forget_proof()

    def _unreached(self, fault: FollowmailError) -> None:
        endpoint = standing_server(self.answers)
        (seen,) = look_at(self.network, [endpoint])
        sentence = why_not(seen, self.provider) or f"{fault}"
        if "FOLLOWMAIL_IMAP_HOST" in self.answers.standing:
            raise GivenUp(
                f"{sentence}\nNothing was changed: mend the server in {self.answers.file}.", fault.exit_status
            )
        self.t.say(sentence)
        self._by_hand()

    # ---- sending

    def log_in_to_send(self) -> bool:
        """A submission server that takes the login; False where the person gave up on it."""
        if not self.answers.text("SMTP_HOST") and not self._find_smtp() and not self._smtp_by_hand():
            return False
        while True:
            fault = self._smtp_fault()
            if fault is None:
                return True
            self.t.say(fault)
            typed = self.t.secret("Password for sending, where it is another one (Enter alone: another server)")
            if typed:
                self.answers.give("SMTP_PASSWORD", typed)
            elif not self._smtp_by_hand():
                return False

    def _find_smtp(self) -> bool:
        named = [candidate.endpoint for candidate in self.found.smtp] or self._smtp_guesses()
        return self._take_smtp(look_at(self.network, named))

    def _smtp_guesses(self) -> list[Endpoint]:
        if self.provider is not None and self.provider.smtp and "{" not in self.provider.smtp:
            return [self.provider.endpoint("smtp")]
        host = self.answers.text("IMAP_HOST")
        hosts = dict.fromkeys((host.replace("imap", "smtp", 1), host, f"smtp.{self.domain}"))
        return [usual("smtp", one, security) for one in hosts for security in (Security.TLS, Security.STARTTLS)]

    def _smtp_by_hand(self) -> bool:
        while typed := self.t.ask(
            "Your SMTP server, as your provider names it (Enter alone: stay with drafts)"
        ).strip():
            try:
                seen = look_at(self.network, alternatives("smtp", typed))
            except ValueError as fault:
                self.t.say(f"{fault}.")
                continue
            if self._take_smtp(seen):
                return True
            worst = most_telling(seen)
            self.t.say(why_not(worst) if worst else "")
        return False

    def _take_smtp(self, seen: tuple[Probe, ...]) -> bool:
        good = next((one for one in seen if one.good), None)
        if good is None:
            return False
        self.t.say(f"Sending goes through {good.endpoint}.")
        give_server(self.answers, good.endpoint)
        return True

    def _smtp_fault(self) -> str | None:
        """Why no mail could be handed over there; None where it could."""
        office = self.answers.office()
        try:
            server = office.smtp_server()
            assert server is not None  # it was given just now
            log_in_to_send(server)
        except LoginRefused as fault:
            return f"{server.host if server else ''} said: {fault}\nSo {sending_refused(str(fault), self.provider)}."
        except FollowmailError as fault:
            return str(fault)
        finally:
            office.close()
        return None


def ask_address(t: Terminal, default: str = "") -> str:
    """The person's own mail address, canonical."""
    return canonical(valid(t, "Your mail address", _own_address, default))


def _own_address(text: str) -> None:
    if not text:
        raise ValueError("a mail address is needed")
    if not is_address(canonical(text)) or "." not in canonical(text).rpartition("@")[2]:
        raise ValueError(f"“{text}” is no mail address")


def give_server(answers: Answers, endpoint: Endpoint) -> None:
    """Writes a server down, as little as is needed."""
    name: Protocol = endpoint.protocol
    prefix = name.upper()
    answers.give(f"{prefix}_HOST", endpoint.host)
    answers.give(f"{prefix}_SECURITY", str(endpoint.security))
    answers.give(
        f"{prefix}_PORT", "" if endpoint == usual(name, endpoint.host, endpoint.security) else str(endpoint.port)
    )


def standing_server(answers: Answers) -> Endpoint:
    """The IMAP server that the answers come to."""
    server = answers.settings().imap
    return Endpoint("imap", server.host, server.port, server.security)
