"""Those of a batch who are here already: by their old id, or by their address.

In every run what has ended there ends here: passwords (``passwords``), and accounts that were
switched off. All else changes where the operator wants people to be brought up to date.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import is_password_usable
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from ostiary import events, mail_standing, sessions, tombstones
from ostiary.email_addresses import canonical, has_address
from ostiary.signals import password_changed

from ..addresses import email_of
from ..models import ImportedIdentity
from . import passwords
from .outcome import HERE, MERGED, UPDATED, Outcome, done
from .person import Person, Refused

if TYPE_CHECKING:
    from .people import Importer, Met


class Postponed(Exception):
    """Somebody whose address is that of an account which is to get another in this run."""


class Existing:
    """The accounts that a batch meets, locked. ``is_last``: nobody is postponed any more."""

    def __init__(self, importer: Importer, batch: list[Met], *, is_last: bool = False) -> None:
        self.importer, self.options, self.survey = importer, importer.options, importer.survey
        self._is_last = is_last
        ids = [met.person.external_id for met in batch]
        known = self._identities(source=self.options.source, external_id__in=ids)
        self._known = {identity.external_id: identity for identity in known}
        self._users: dict[Any, Any] = {}
        if known:
            self._lock(Q(pk__in={identity.user_id for identity in known}))
        wanted = [met.person for met in batch if self._wants_an_address(met.person)]
        self._owners = self._owners_of(wanted)
        self._of_owners = self._identities_of_owners(known)
        met_identities = (*known, *(one for some in self._of_owners.values() for one in some))
        self._written = {identity.pk: _facts(identity) for identity in met_identities}
        self._names = self._taken_names(wanted)
        self._erased = self._erased_among(wanted)
        self.in_groups: list[tuple[Person, Any]] = []
        """Who is to be in their groups, too."""

    def knows(self, met: Met) -> bool:
        """Whether an earlier record of somebody has been taken over."""
        return met.person.external_id in self._known

    def take(self, met: Met) -> Outcome | None:
        """Bring somebody up to date, as far as is wanted; ``None`` for who isn't here.

        Raises ``Refused``, and ``Postponed`` for whom to come back with.
        """
        told = self._take(met)
        if told and not met.is_first and told.outcome in (UPDATED, HERE):
            told.outcome = MERGED
        return told

    def end_password(self, met: Met) -> None:
        """Of somebody who is refused, let end here what has ended there."""
        identity = self._known.get(met.person.external_id)
        user = self._users[identity.user_id] if identity else None
        if identity is None or is_privileged(user):
            return
        encoded = passwords.follow(met.person, identity, user, self.importer.kinds)
        self._save(identity)
        if encoded is not None:
            self._change(met, user, {"password": encoded})

    def _take(self, met: Met) -> Outcome | None:
        person = met.person
        identity = self._known.get(person.external_id)
        user = self._users[identity.user_id] if identity else None
        if person.is_deleted:
            return self._deleted(met, user)
        if identity:
            return self._again(met, identity, user, wanted=self.options.update)
        owners = [one for one in self._owners_at(person) if not self._makes_way(one, person)]
        if owners:
            return self._of_address(met, owners)
        if person.email in self._names:
            raise Refused("existing", "An account with this user name already exists.")
        if person.email in self._erased or str(person.uuid) in self._erased:
            raise Refused("erased", "This user's account was deleted here.")
        # Their first record has made the account, or in a dry run would have.
        return None if met.is_first else done(MERGED, met.entry, person)

    # --- known by id -----------------------------------------------------------------------------

    def _again(self, met: Met, identity: ImportedIdentity, user: Any, *, wanted: bool) -> Outcome:
        """Someone whom an earlier run, or an earlier record, took over. ``wanted``: all of it."""
        person = met.person
        if is_privileged(user):
            if not wanted:
                return done(HERE, met.entry, person)
            raise Refused("operator", "Imports don't change operators.")
        changes: dict[str, Any] = {}
        is_unused = passwords.is_unused(identity, user, self.importer.kinds)
        if wanted and met.is_first:
            changes = _differing(met.claims, user)
            if _is_moved(person, user) or (is_unused and person.email != email_of(user)):
                changes |= self._move(person, user, is_unused=is_unused)
            if person.is_active and not user.is_active:
                person.note("disabled_here", "The account is deactivated here, and stays so.")
        elif is_unused:
            changes = _missing(met.claims, user)
        if wanted or is_unused:
            changes |= _verified_and_joined(person, user)
            self.in_groups.append((person, user))
        if not person.is_active and user.is_active:
            changes["is_active"] = False
        encoded = passwords.follow(person, identity, user, self.importer.kinds)
        if encoded is not None:
            changes["password"] = encoded
        elif person.password and not (user.has_usable_password() or identity.password_ended):
            person.note("password_left", "The user signs in here without a password.")
        self._save(identity)
        return self._change(met, user, changes) if changes else done(HERE, met.entry, person)

    def _deleted(self, met: Met, user: Any) -> Outcome:
        """Someone of whom the other system keeps only that they were deleted. Their account here is
        switched off, unless somebody else there has its address now."""
        told = "The account was deleted in the source."
        if user is None or self.survey.has_address(canonical(email_of(user))):
            raise Refused("deleted", told)
        if is_privileged(user):
            raise Refused("operator", "Imports don't change operators.")
        met.person.note("deleted", told)
        if not user.is_active:
            return done(HERE, met.entry, met.person)
        return self._change(met, user, {"is_active": False})

    def _move(self, person: Person, user: Any, *, is_unused: bool) -> dict[str, Any]:
        """The fields of a new address, for who has shown there that it is theirs, and has not been
        here; or of the same, spelt otherwise. For others none, and a note."""
        why = ""
        if not _is_moved(person, user):
            return self._address(person, user)
        if not person.email_verified:
            why = "The address in the source differs and isn't verified. The one here stays."
        elif not is_unused:
            why = "The address in the source differs. The one here is in use, and stays."
        elif person.email in self._names or person.email in self._erased:
            why = "The address in the source differs, and can't be used here."
        elif any(not self._makes_way(one, person) for one in self._owners_at(person)):
            why = "The address in the source differs, and belongs to another account here."
        if why:
            person.note("email_left", why)
            return {}
        changes = self._address(person, user)
        if hasattr(user, "email_verified_at"):
            changes["email_verified_at"] = timezone.now()
        return changes

    def _address(self, person: Person, user: Any) -> dict[str, Any]:
        """The fields that hold it."""
        changes: dict[str, Any] = {self.importer.email_field: person.email}
        if user.get_username() == email_of(user):
            changes[user.USERNAME_FIELD] = person.email
        return changes

    # --- known by address ------------------------------------------------------------------------

    def _of_address(self, met: Met, owners: list[Any]) -> Outcome:
        """Someone whose address an account here has."""
        if len(owners) > 1:
            raise Refused("existing", "Several accounts have this address.")
        person, [user] = met.person, owners
        if identity := self._identity_here(user):
            self._put_in_place_of(person, identity, user)
            told = self._again(met, identity, user, wanted=True)
            return self._change(met, user, {}) if told.outcome == HERE else told
        if not self.options.update:
            raise Refused("existing", "An account with this address already exists.")
        if is_privileged(user):
            raise Refused("operator", "Imports don't change operators.")
        _must_be_one(person, user)
        identity = ImportedIdentity(
            source=self.options.source, external_id=person.external_id, user=user
        )
        changes = _missing(met.claims, user)
        if not user.has_usable_password():
            encoded = passwords.follow(person, identity, user, self.importer.kinds)
            changes |= {"password": encoded} if encoded is not None else {}
        self._tell_of_id(person, user)
        self._save(identity)
        self.in_groups.append((person, user))
        return self._change(met, user, changes)

    def _put_in_place_of(self, person: Person, identity: ImportedIdentity, user: Any) -> None:
        """Let the account be this person's, whose address another record of the source had.

        So it is if nobody has used the account, and the other record has lost against this one in
        these files, or would have (``Survey``); or if it is gone for sure. Raises ``Refused``
        otherwise.
        """
        before = identity.external_id
        is_there = self.survey.has(before)
        is_gone = not is_there or self.survey.was_deleted(before)
        verified_here = getattr(user, "email_verified_at", user) is not None
        here = (verified_here, bool(user.is_active), user.has_usable_password())
        has_lost = self.survey.address_of(before) == canonical(person.email)
        there = self.survey.rank(person.external_id)
        would_win = there > here or (there == here and person.external_id < before)
        is_better = (has_lost or (is_gone and would_win)) and there[0] >= verified_here
        if not (is_better and passwords.is_unused(identity, user, self.importer.kinds)):
            is_sure = is_there or self.options.whole
            if not (is_gone and is_sure and self.options.update):
                raise Refused(
                    "duplicate", f"“{before}” was imported earlier with the same address."
                )
            _must_be_one(person, user)
        identity.external_id = person.external_id
        self._tell_of_id(person, user)

    def _identity_here(self, user: Any) -> ImportedIdentity | None:
        """Who the owner of an address is in this source."""
        known = self._of_owners.get(user.pk, ())
        return next((one for one in known if one.source == self.options.source), None)

    def _tell_of_id(self, person: Person, user: Any) -> None:
        if self.options.keep_ids and user.pk != person.uuid:
            person.note("id_left", "The account already existed, and keeps its own id.")

    # --- whose an address is ---------------------------------------------------------------------

    def _wants_an_address(self, person: Person) -> bool:
        identity = self._known.get(person.external_id)
        if person.is_deleted or identity is None:
            return not person.is_deleted
        return self.options.update and _is_moved(person, self._users[identity.user_id])

    def _owners_at(self, person: Person) -> list[Any]:
        """Who else has the person's address now, after what has changed in this batch."""
        identity = self._known.get(person.external_id)
        return [
            user
            for user in self._owners.get(canonical(person.email), ())
            if not _is_moved(person, user) and not (identity and user.pk == identity.user_id)
        ]

    def _makes_way(self, owner: Any, person: Person) -> bool:
        """Whether the owner of an address would have another by now, if this were no dry run.

        Raises ``Postponed`` as long as that can still come.
        """
        identity = self._identity_here(owner)
        theirs = self.survey.address_of(identity.external_id) if identity else None
        moves = self.options.update and theirs not in (None, canonical(person.email))
        if moves and not self._is_last:
            raise Postponed
        return moves and self.options.dry_run

    # --- what the database has -------------------------------------------------------------------

    @staticmethod
    def _identities(**wanted: Any) -> list[ImportedIdentity]:
        return list(ImportedIdentity.objects.filter(**wanted))

    def _lock(self, wanted: Q) -> list[Any]:
        """People, each of them one object, however they were found."""
        people = self.importer.model._base_manager.select_for_update()
        return [self._users.setdefault(user.pk, user) for user in people.filter(wanted)]

    def _owners_of(self, wanted: list[Person]) -> dict[str, list[Any]]:
        """Those who have the addresses of these people; several only on some user models."""
        found: dict[str, list[Any]] = {}
        if wanted:
            addresses = (person.email for person in wanted)
            for user in self._lock(has_address(self.importer.email_field, addresses)):
                found.setdefault(canonical(email_of(user)), []).append(user)
        return found

    def _identities_of_owners(
        self, known: Iterable[ImportedIdentity]
    ) -> dict[Any, list[ImportedIdentity]]:
        owning = {user.pk for owners in self._owners.values() for user in owners}
        by_key = {identity.pk: identity for identity in known}
        found: dict[Any, list[ImportedIdentity]] = {}
        for identity in self._identities(user__in=owning) if owning else ():
            one = by_key.get(identity.pk, identity)
            found.setdefault(one.user_id, []).append(one)
        return found

    def _taken_names(self, wanted: list[Person]) -> set[str]:
        """The user names, where those are no addresses, that somebody has already."""
        model = self.importer.model
        if not wanted or self.importer.email_field == model.USERNAME_FIELD:
            return set()
        own = {user.get_username() for user in self._users.values()}
        theirs = {f"{model.USERNAME_FIELD}__in": [person.email for person in wanted]}
        taken = model._base_manager.filter(**theirs)
        return set(taken.values_list(model.USERNAME_FIELD, flat=True)) - own

    def _erased_among(self, wanted: list[Person]) -> set[str]:
        """The addresses, and the ids that are to be kept, of people who were erased: who comes back
        is to do so by themselves, and not by a list."""
        if not wanted:
            return set()
        found = tombstones.buried_among(tombstones.Of.EMAIL, (one.email for one in wanted))
        if self.options.keep_ids:
            ids = (str(person.uuid) for person in wanted)
            found |= tombstones.buried_among(tombstones.Of.ID, ids)
        return found

    # --- writing ---------------------------------------------------------------------------------

    def _save(self, identity: ImportedIdentity) -> None:
        """Write what has become of an identity, if anything has."""
        if not self.options.dry_run and self._written.get(identity.pk) != _facts(identity):
            identity.save()
            self._written[identity.pk] = _facts(identity)

    def _change(self, met: Met, user: Any, changes: dict[str, Any]) -> Outcome:
        """Write what changes, and tell those who hang on it."""
        told = done(UPDATED, met.entry, met.person)
        told.changes = sorted(changes)
        told.has_password = is_password_usable(changes.get("password", user.password))
        if self.options.dry_run:
            return told
        if "password" in changes:
            self.importer.remember_kinds([met.person])
        for name, value in changes.items():
            setattr(user, name, value)
        if changes:
            fields = self.importer.fields
            written = [name for name in ("updated_at", *changes) if name in fields]
            try:
                with transaction.atomic():
                    user.save(update_fields=written)
            except IntegrityError:  # somebody has taken the address in this moment
                raise Refused("existing", "An account with this address already exists.") from None
        if "password" in changes and user.last_login is not None:
            sessions.end_all(user, "password")
            password_changed.send(type(user), user=user, request=None)
        if self.importer.email_field in changes:
            mail_standing.clear(user)
        details = {"source": self.options.source, "fields": told.changes}
        events.record("person.import_updated", user=user, details=details)
        return told


def is_privileged(user: Any) -> bool:
    """Whether it is an operator."""
    return bool(getattr(user, "is_staff", False) or getattr(user, "is_superuser", False))


def _is_moved(person: Person, user: Any) -> bool:
    return canonical(email_of(user)) != canonical(person.email)


def _differing(claims: dict[str, Any], user: Any) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if getattr(user, name) != value}


def _missing(claims: dict[str, Any], user: Any) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if not getattr(user, name)}


def _verified_and_joined(person: Person, user: Any) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    is_verified = getattr(user, "email_verified_at", user) is not None
    if person.email_verified and not is_verified and not _is_moved(person, user):
        changes["email_verified_at"] = timezone.now()
    joined = getattr(user, "date_joined", None)
    if person.joined and joined and user.last_login is None and person.joined < joined:
        changes["date_joined"] = person.joined
    return changes


def _must_be_one(person: Person, user: Any) -> None:
    """Only where both sides have verified the address is it one person (SECURITY H11).

    Raises ``Refused``.
    """
    verified_here = getattr(user, "email_verified_at", user) is not None
    if not (person.email_verified and verified_here):
        raise Refused("existing", "The address wasn't verified both here and in the source.")


def _facts(identity: ImportedIdentity) -> tuple[str, str, bool]:
    return identity.external_id, identity.password_mark, identity.password_ended
