"""Makes accounts of people from another system, a batch in a transaction.

All records are looked at once before the first is taken over (``survey``). What a batch has
committed stays; a run that was killed is simply begun again, and passes by whoever is here already.
No import gives anybody powers: who may do what is not taken over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from ostiary import events
from ostiary.email_addresses import canonical

from .. import hash_kinds
from ..forms import EmailAddressField
from ..models import ImportedHashKind, ImportedIdentity
from .claims import Places
from .existing import Existing, Postponed
from .groups import Membership
from .outcome import IMPORTED, Outcome, done, refused
from .passwords import kind_of, mark_of
from .person import Person, Refused
from .reading import Entry
from .survey import Survey

BATCH = 500
"""People in a transaction; SQLite takes a thousand values in a statement."""

MOST_KINDS = 12
"""Kinds of foreign hashes: a failed sign-in computes one of each."""


@dataclass(frozen=True)
class Options:
    """What the operator asks for."""

    source: str
    update: bool = False
    keep_ids: bool = False
    groups: bool = False
    whole: bool = False
    """Whether who is not in these files is gone there."""
    dry_run: bool = False


@dataclass
class Met:
    """Somebody who may be taken over. ``is_first``: no earlier record of these files is theirs."""

    entry: Entry
    person: Person
    is_first: bool
    claims: dict[str, Any]
    """By the names of the account's fields."""


class Importer:
    """Takes people over, as the options say: first ``look`` at all, then ``take`` them in batches,
    then ``finish``."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.model: Any = get_user_model()
        self.fields = {one.name: one for one in self.model._meta.concrete_fields}
        self.email_field: str = self.model.get_email_field_name()
        self.survey = Survey()
        self.kinds = set(ImportedHashKind.objects.values_list("kind", flat=True))
        """Of imported hashes, those of this run too."""
        self._address = EmailAddressField(autocomplete="off")
        self._places = Places(self.fields)
        self._postponed: list[Met] = []

    def close(self) -> None:
        """Nobody more is taken."""
        self.survey.close()

    # --- all, then a batch at a time -------------------------------------------------------------

    def look(self, entry: Entry) -> None:
        """Look at a record before any is taken over."""
        person, why = entry.person, entry.refused
        if person:
            try:
                self._examine(person)
            except Refused as found:
                why = found
            else:
                if person.is_deleted:
                    self.survey.add_id(person.external_id, deleted=True)
                else:
                    self.survey.add(person, canonical(person.email))
        if why and entry.external_id:
            self.survey.add_id(entry.external_id)

    def take(self, entries: Iterable[Entry]) -> list[Outcome]:
        """Take a batch of people over, and tell what became of each. Who has to wait for another is
        told of by ``finish``."""
        outcomes: list[Outcome] = []
        met: list[Met] = []
        ended: list[Met] = []
        for entry in entries:
            try:
                met.append(self._meet(entry))
            except Refused as why:
                outcomes.append(refused(entry, why))
                if entry.person and entry.person.password_ended:
                    ended.append(Met(entry, entry.person, is_first=True, claims={}))
        if ended:
            with transaction.atomic():
                existing = Existing(self, ended)
                for one in ended:
                    existing.end_password(one)
        for batch in _once_each(met):
            with transaction.atomic():
                outcomes += self._store(batch)
        return sorted(outcomes, key=lambda outcome: outcome.record or 0)

    def finish(self) -> list[Outcome]:
        """Take those who had to wait until an address was free."""
        outcomes: list[Outcome] = []
        waiting, is_last = self._postponed, False
        while waiting:
            self._postponed = []
            with transaction.atomic():
                if is_last and not self.options.dry_run:
                    self._park(waiting)
                outcomes += self._store(waiting, is_last=is_last)
            is_last = len(self._postponed) == len(waiting)  # they wait for each other
            waiting = self._postponed
        return outcomes

    def _park(self, waiting: list[Met]) -> None:
        """Let go of the addresses of people who are each to have that of another of them."""
        ids = [met.person.external_id for met in waiting]
        known = ImportedIdentity.objects.filter(source=self.options.source, external_id__in=ids)
        for pk in known.values_list("user", flat=True):
            nowhere = {self.email_field: f"{pk}@waits.invalid"}
            self.model._base_manager.filter(pk=pk).update(**nowhere)

    def _store(self, batch: list[Met], *, is_last: bool = False) -> list[Outcome]:
        existing = Existing(self, batch, is_last=is_last)
        outcomes: list[Outcome] = []
        new: list[Met] = []
        # Who is known first: their addresses may become free.
        for met in sorted(batch, key=lambda met: not existing.knows(met)):
            try:
                told = existing.take(met)
            except Postponed:
                self._postponed.append(met)
            except Refused as why:
                outcomes.append(refused(met.entry, why))
            else:
                if told:
                    outcomes.append(told)
                else:
                    new.append(met)
        if self.options.groups and existing.in_groups:
            membership = Membership(person for person, _ in existing.in_groups)
            membership.judge()
            if not self.options.dry_run:
                membership.store(self.model, existing.in_groups)
        return outcomes + self._create(new)

    # --- one person ------------------------------------------------------------------------------

    def _meet(self, entry: Entry) -> Met:
        """Somebody of a record, in our form. Raises ``Refused``."""
        if entry.refused:
            raise entry.refused
        person: Any = entry.person
        self._examine(person)
        if person.is_deleted:
            return Met(entry, person, is_first=True, claims={})
        is_first = self.survey.meet(person, canonical(person.email))
        claims = self._places.fill(person)
        self._judge_hash(person)
        return Met(entry, person, is_first, claims)

    def _examine(self, person: Person) -> None:
        """Judge who somebody is, and bring their address into our form. Raises ``Refused``."""
        if not person.external_id:
            raise Refused("no_id", "The record has no id.")
        if len(person.external_id) > 255:
            raise Refused("malformed", "The id is longer than 255 characters.")
        if person.is_deleted:
            return
        if self.options.keep_ids and person.uuid is None:
            raise Refused("malformed", "The id isn't a UUID, so --keep-ids can't keep it.")
        if not person.email:
            raise Refused("no_email", "The record has no email address.")
        try:
            person.email = self._address.clean(person.email)
        except ValidationError as problem:
            raise Refused("invalid_email", " ".join(problem.messages)) from None
        name = self.fields[self.model.USERNAME_FIELD]
        if name.max_length and len(person.email) > name.max_length:
            raise Refused(
                "invalid_email", f"The address is longer than {name.max_length} characters."
            )
        if not person.email_verified and "email_verified_at" not in self.fields:
            raise Refused(
                "unverified",
                "The address isn't verified, and the user model has no field for that "
                "(email_verified_at).",
            )
        if not person.is_active and "is_active" not in self.fields:
            raise Refused(
                "disabled",
                "The account is deactivated, and the user model has no field for that (is_active).",
            )

    def _judge_hash(self, person: Person) -> None:
        """Drop a hash that would be one kind too many."""
        kind = kind_of(person.password)
        if kind in ("", hash_kinds.USUAL) or kind in self.kinds:
            return
        families = {hash_kinds.family_of(known) for known in self.kinds}
        if hash_kinds.family_of(kind) in families or len(families) < MOST_KINDS:
            self.kinds.add(kind)
        else:
            person.end_password(f"More than {MOST_KINDS} kinds of hashes aren't supported.")

    # --- who is not here yet ---------------------------------------------------------------------

    def _create(self, batch: list[Met]) -> list[Outcome]:
        people = [met.person for met in batch]
        membership = Membership(people) if self.options.groups else None
        if self.options.dry_run:
            if membership:
                membership.judge()
        elif batch:
            try:
                with transaction.atomic():
                    self._insert(batch, membership)
            except IntegrityError:
                # Someone signed up in this moment, say. One at a time tells who.
                return [self._create_one(met) for met in batch]
        return [self._imported(met) for met in batch]

    def _create_one(self, met: Met) -> Outcome:
        membership = Membership([met.person]) if self.options.groups else None
        try:
            with transaction.atomic():
                self._insert([met], membership)
        except IntegrityError:
            why = Refused("existing", "An account with this address or id already exists.")
            return refused(met.entry, why)
        return self._imported(met)

    def _imported(self, met: Met) -> Outcome:
        told = done(IMPORTED, met.entry, met.person)
        # Another record of these files may have the password.
        has_one = self.survey.rank(met.person.external_id)[2] and not met.person.password_ended
        told.has_password |= has_one
        return told

    def _insert(self, batch: list[Met], membership: Membership | None) -> None:
        self.remember_kinds(met.person for met in batch)
        users = [self._new(met) for met in batch]
        if self.model._meta.parents:  # in several tables, which can't be filled at once
            for user in users:
                user.save(force_insert=True)
        else:
            self.model._base_manager.bulk_create(users)
        ImportedIdentity.objects.bulk_create(
            ImportedIdentity(
                source=self.options.source,
                external_id=met.person.external_id,
                user_id=user.pk,
                made_account=True,
                password_mark=mark_of(met.person.password),
            )
            for met, user in zip(batch, users, strict=True)
        )
        if membership:
            people = (met.person for met in batch)
            membership.store(self.model, list(zip(people, users, strict=True)))
        events.record_all("person.imported", users, details={"source": self.options.source})

    def _new(self, met: Met) -> Any:
        now, person = timezone.now(), met.person
        facts: dict[str, Any] = {
            self.model.USERNAME_FIELD: person.email,
            self.email_field: person.email,
            "password": person.password or make_password(None),
            "is_active": person.is_active,
            "email_verified_at": now if person.email_verified else None,
            "date_joined": person.joined or now,
            **met.claims,
        }
        if self.options.keep_ids:
            facts[self.model._meta.pk.name] = person.uuid
        return self.model(**{name: value for name, value in facts.items() if name in self.fields})

    def remember_kinds(self, people: Iterable[Person]) -> None:
        """Have failed sign-ins compute hashes of these people's kinds, too."""
        kinds = {kind_of(person.password) for person in people} - {"", hash_kinds.USUAL}
        ImportedHashKind.objects.bulk_create(
            [ImportedHashKind(kind=kind) for kind in sorted(kinds)], ignore_conflicts=True
        )


def _once_each(met: Iterable[Met]) -> Iterator[list[Met]]:
    """The same in lists, in none of which somebody is twice: a second record needs the first."""
    batch: list[Met] = []
    ids: set[str] = set()
    for one in met:
        if one.person.external_id in ids:
            yield batch
            batch, ids = [], set()
        batch.append(one)
        ids.add(one.person.external_id)
    if batch:
        yield batch
