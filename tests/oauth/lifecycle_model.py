"""What of all that was issued should live: the promises of this server in plain Python.

Nothing here asks the server. Times are Unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LEEWAY = 10
"""For so many seconds after its end a JWT may still be taken, and may as well be refused."""
SESSION_IDLE = 12 * 3600
SESSION_ABSOLUTE = 24 * 3600
SESSION_TOUCH = 300


@dataclass(eq=False)
class Application:
    """A client: the row, and what the model thinks of it."""

    row: Any
    enabled: bool = True
    policy: str = "short_lived"


@dataclass(eq=False)
class SignedIn:
    """A session of the person; ``password`` is the number of the one it was made with."""

    browser: Any
    row: Any
    password: int
    created: float
    seen: float
    ended: bool = False


@dataclass(eq=False)
class Family:
    """What one authorization gave. ``redeem`` brings what was given for it to the token endpoint,
    until ``code_ends``; ``refresh_tokens`` are those it had, the newest last."""

    application: Application
    session: SignedIn
    offline: bool
    password: int
    redeem: Any
    code_ends: float
    reuse_ends_it: bool
    redeemed: bool = False
    revoked: bool = False
    refresh_tokens: list[str] = field(default_factory=list)
    idle_ends: float = 0
    ends: float = 0
    replay_ends: float = 0
    seen_dead: int = 0


@dataclass(eq=False)
class Token:
    """An access token. ``subject`` is the client it is about, where it is about no person."""

    text: str
    holder: Application
    family: Family | None
    subject: Application | None
    policy: str
    kid: str
    ends: float
    userinfo: bool
    exchangeable: bool
    ended: bool = False
    seen_dead: int = 0


@dataclass
class Model:
    """Everybody and everything, and what should live of it."""

    now: float
    grace: int
    active: bool = True
    password: int = 0
    sessions: list[SignedIn] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    revoked_kids: set[str] = field(default_factory=set)

    # --- what lives ------------------------------------------------------------------------------

    def stands(self, family: Family) -> bool:
        """Whether the access tokens of a family are honoured."""
        return (
            not family.revoked
            and family.application.enabled
            and self.active
            and family.password == self.password
        )

    def lives(self, token: Token) -> bool | None:
        """Whether an access token is to be taken; ``None`` where it may be or not."""
        if token.ended or token.kid in self.revoked_kids or not token.holder.enabled:
            return False
        if token.subject is not None and not token.subject.enabled:
            return False
        if token.family is not None and not self.stands(token.family):
            return False
        if self.now < token.ends:
            return True
        return None if token.kid and self.now < token.ends + LEEWAY else False

    def refresh_lives(self, family: Family) -> bool:
        """Whether the newest refresh token of a family is good, as far as it tells itself."""
        ends = min(family.idle_ends, family.ends)
        return bool(family.refresh_tokens) and self.stands(family) and self.now < ends

    def is_over(self, token: Token) -> bool:
        """Whether nothing can bring an access token back."""
        return (
            token.ended
            or token.kid in self.revoked_kids
            or (token.family is not None and token.family.revoked)
            or self.now >= token.ends + LEEWAY
        )

    def is_over_for_refresh(self, family: Family) -> bool:
        """Whether nothing can bring the refresh token of a family back."""
        return family.revoked or self.now >= min(family.idle_ends, family.ends)

    def is_live(self, session: SignedIn) -> bool:
        """Whether the session lasts. One that is past its limits is ended by this look at it, and
        one that lasts counts as used."""
        limit = min(session.seen + SESSION_IDLE, session.created + SESSION_ABSOLUTE)
        if not session.ended and self.now >= limit:
            self.end(session)
        if not session.ended and self.now - session.seen >= SESSION_TOUCH:
            session.seen = self.now
        return not session.ended

    def lets_in(self, session: SignedIn) -> bool:
        """Whether the browser of a session is signed in."""
        if session.password != self.password:
            self.end(session)
        return self.is_live(session)

    def may_use(self, family: Family) -> bool:
        """Whether the person still wants what they gave."""
        if not self.active or family.password != self.password:
            return False
        return family.offline or self.is_live(family.session)

    # --- what is given ---------------------------------------------------------------------------

    def redeemed(self, family: Family) -> bool:
        """Bring the code of a family; whether there are to be tokens."""
        if not family.application.enabled:
            return False
        if family.redeemed and family.reuse_ends_it:
            self.revoke(family)
        if family.redeemed or family.revoked or self.now >= family.code_ends:
            return False
        family.redeemed = self.may_use(family)
        return family.redeemed

    def refreshed(self, family: Family, token: str) -> str:
        """Bring a refresh token: ``new`` tokens, the ``same`` answer again, or ``refused``."""
        if not family.application.enabled:
            return "refused"
        newest = token == family.refresh_tokens[-1]
        if not newest:
            replaced = token == family.refresh_tokens[-2]
            if not (self.grace and replaced and self.now < family.replay_ends):
                self.revoke(family)
                return "refused"
        if family.revoked or self.now >= min(family.idle_ends, family.ends):
            return "refused"
        if not self.may_use(family):
            return "refused"
        return "new" if newest else "same"

    # --- what ends -------------------------------------------------------------------------------

    def revoke(self, family: Family) -> None:
        """End a family, with its tokens on the blocklist."""
        family.revoked = True

    def end(self, session: SignedIn) -> None:
        """End a session, and what lasts no longer than it."""
        session.ended = True
        for family in self.families:
            if family.session is session and not family.offline:
                self.revoke(family)

    def revoke_token(self, token: Token) -> bool:
        """Its own client revokes an access token; whether there is anything to end."""
        if self.lives_by_itself(token):
            mine = token.family is not None and token.family.application is token.holder
            if token.policy == "short_lived" and not mine:
                return False
            token.ended = token.policy != "short_lived"
            if mine and token.family is not None:
                self.revoke(token.family)
        return True

    def lives_by_itself(self, token: Token) -> bool:
        """Whether a token is one, whatever has become of what it rests on."""
        ends = token.ends + (LEEWAY if token.kid else 0)
        gone = token.policy == "blocklist" and token.family is not None and token.family.revoked
        return not (token.ended or gone or token.kid in self.revoked_kids or self.now >= ends)

    def list_if(self, over: Any) -> None:
        """Put onto the blocklist what ``over`` says of."""
        for token in self.tokens:
            if token.policy == "blocklist" and over(token):
                token.ended = True

    def revoke_all_of(self, application: Application) -> None:
        """The operator ends all that a client was given."""
        for family in self.families:
            if family.application is application:
                self.revoke(family)
        for token in self.tokens:
            if token.holder is application and token.policy != "short_lived":
                token.ended = True

    def sweep(self) -> None:
        """The worker puts onto the blocklist whose grant or client doesn't stand."""
        self.list_if(
            lambda token: (
                not token.holder.enabled
                or (token.family is not None and not self.stands(token.family))
            )
        )
