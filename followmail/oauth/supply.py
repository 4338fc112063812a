"""An access token whenever a server wants one: kept, renewed before its end, one renewal at a time over all processes."""

from dataclasses import dataclass, field

from followmail.auth import Secret
from followmail.errors import LoginNeeded, Transient
from followmail.oauth.grant import Clock, Tokens, refreshed
from followmail.oauth.token_file import TokenFile


@dataclass(slots=True)
class Supply:
    """The tokens of one mailbox. Without a clock a token counts as good until a server refuses it."""

    file: TokenFile
    clock: Clock | None = None
    _unwritten: Tokens | None = field(default=None, repr=False)  # rotated, while the disk was full

    def token(self) -> Secret:
        """One that is good by our clock. Raises LoginNeeded | LoginRefused | Transient."""
        kept = self._unwritten or self.file.read()
        if self._unwritten is None and self._good(kept):
            return kept.access
        try:
            return self._renewed(None)
        except Transient:
            if self._unwritten is not None:
                raise
            return kept.access  # it is renewed early: the server may still take it, and says if not

    def renew(self, refused: Secret) -> Secret:
        """Another one for one that a server has refused, whatever the clocks say. Raises as `token`."""
        return self._renewed(refused)

    def _renewed(self, refused: Secret | None) -> Secret:
        with self.file.locked():
            self.file.take_up()
            kept = self._unwritten or self.file.read()
            if self._unwritten is None and kept.access != refused and (refused is not None or self._good(kept)):
                return kept.access  # somebody else was faster
            if self._unwritten is None:
                kept = self._asked(kept)
            self._write(kept)
            return kept.access

    def _asked(self, kept: Tokens) -> Tokens:
        if kept.refresh is None:
            raise LoginNeeded(
                f"{self.file.client.name} gave no token that can be renewed. Log in once more: `followmail login`."
            )
        now = self.clock() if self.clock else None
        return refreshed(self.file.client, kept.refresh, now)

    def _write(self, tokens: Tokens) -> None:
        """On disk before it is used: a refresh token that was rotated exists nowhere else."""
        self._unwritten = tokens
        try:
            self.file.write(tokens)
        except OSError as fault:
            raise Transient(f"{self.file.path} cannot be written ({fault.strerror}), so nothing goes on.") from None
        self._unwritten = None

    def _good(self, tokens: Tokens) -> bool:
        return self.clock is None or tokens.good(self.clock())
