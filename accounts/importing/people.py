"""Makes accounts of people from another system, a batch in a transaction.

What a batch has committed stays; a run that was killed is simply begun again, and passes by
whoever is here already. No import gives anybody powers: who may do what is not taken over.
"""

from __future__ import annotations

import uuid
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import identify_hasher, make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from ostiary import events, tombstones
from ostiary.email_addresses import canonical, has_address

from .. import even_work
from ..address_policy import check_name
from ..addresses import email_of
from ..forms import EmailAddressField
from ..hashing import BoundedArgon2PasswordHasher
from ..models import ImportedHashKind, ImportedIdentity
from .groups import Membership
from .person import CLAIMS, Person, Refused
from .seen import Seen

BATCH = 500
"""People in a transaction; SQLite takes a thousand values in a statement."""

MOST_KINDS = 6
"""Kinds of foreign hashes: a failed sign-in computes one of each."""

NAMES = ("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username")
"""Claims that others see, and that the site's NAME_POLICIES judge."""

OTHER_NAMES = {"given_name": "first_name", "family_name": "last_name"}
"""Claims under the names that Django's own user model has for them."""


@dataclass(frozen=True)
class Options:
    """What the operator asks for."""

    source: str
    update: bool = False
    keep_ids: bool = False
    groups: bool = False
    dry_run: bool = False


@dataclass
class Outcome:
    """What became of one record; ``number`` counts from 1."""

    number: int
    outcome: str
    external_id: str = ""
    reason: str = ""
    text: str = ""
    has_password: bool = False
    notes: list[tuple[str, str]] = field(default_factory=list)


class Importer:
    """Takes people over, as the options say."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.model: Any = get_user_model()
        self.fields = {one.name: one for one in self.model._meta.concrete_fields}
        self.email_field: str = self.model.get_email_field_name()
        self._address = EmailAddressField(autocomplete="off")
        self._zones = zoneinfo.available_timezones()
        self._seen = Seen()
        self._kinds = set(ImportedHashKind.objects.values_list("kind", flat=True))

    def close(self) -> None:
        """Nobody more is taken."""
        self._seen.close()

    # --- a batch ---------------------------------------------------------------------------------

    def take(self, batch: Iterable[tuple[int, Person]]) -> list[Outcome]:
        """Take some people over, and tell what became of each."""
        outcomes: list[Outcome] = []
        taken: list[tuple[int, Person]] = []
        for number, person in batch:
            try:
                self._examine(person)
            except Refused as why:
                outcomes.append(_refused(number, person, why))
            else:
                taken.append((number, person))
        with transaction.atomic():
            outcomes += self._store(taken)
        return sorted(outcomes, key=lambda outcome: outcome.number)

    def _store(self, batch: list[tuple[int, Person]]) -> list[Outcome]:
        identities = ImportedIdentity.objects.filter(source=self.options.source)
        known = dict(
            identities.filter(external_id__in=[p.external_id for _, p in batch]).values_list(
                "external_id", "user_id"
            )
        )
        by_key = self._locked(pk__in=set(known.values())) if self.options.update else {}
        owners, names = self._owners(batch), self._taken_names(batch)
        erased = self._erased(batch)
        outcomes: list[Outcome] = []
        new: list[tuple[int, Person]] = []
        for number, person in batch:
            try:
                if person.external_id in known:
                    user = by_key.get(known[person.external_id])
                    outcomes.append(self._again(number, person, user))
                elif canonical(person.email) in owners:
                    outcomes.append(self._adopt(number, person, owners[canonical(person.email)]))
                elif person.email in names:
                    raise Refused("existing", "There is an account with this user name already.")
                elif person.email in erased or str(_uuid(person)) in erased:
                    raise Refused("erased", "This person has had their account erased.")
                else:
                    new.append((number, person))
            except Refused as why:
                outcomes.append(_refused(number, person, why))
        return outcomes + self._create(new)

    # --- one person ------------------------------------------------------------------------------

    def _examine(self, person: Person) -> None:
        """Bring a person into our form. Raises ``Refused``."""
        if not person.external_id:
            raise Refused("no_id", "There is no id by which to know this person again.")
        if len(person.external_id) > 255:
            raise Refused("malformed", "The id is longer than 255 characters.")
        if self.options.keep_ids and _uuid(person) is None:
            raise Refused("malformed", "The id is no UUID, and so can't be kept.")
        if not person.email:
            raise Refused("no_email", "There is no email address, and nobody signs in without.")
        try:
            person.email = self._address.clean(person.email)
        except ValidationError as problem:
            raise Refused("invalid_email", " ".join(problem.messages)) from None
        name = self.fields[self.model.USERNAME_FIELD]
        if name.max_length and len(person.email) > name.max_length:
            raise Refused("invalid_email", f"The address is longer than {name.max_length}.")
        if not self._seen.add(f"id {person.external_id}"):
            raise Refused("duplicate", "This id was in the file before.")
        if not self._seen.add(f"email {canonical(person.email)}"):
            raise Refused("duplicate", "This address was in the file before, perhaps in capitals.")
        if not person.email_verified and "email_verified_at" not in self.fields:
            raise Refused(
                "unverified",
                "The address is not verified, and the user model has no place to tell that "
                "(email_verified_at).",
            )
        if not person.is_active and "is_active" not in self.fields:
            raise Refused("disabled", "The account is switched off, which can't be told here.")
        person.claims = self._claims(person)
        self._judge_hash(person)

    def _claims(self, person: Person) -> dict[str, str]:
        """The claims that the user model has a place for, by the names of its fields."""
        found: dict[str, str] = {}
        for claim, value in person.claims.items():
            name = claim if claim in self.fields else OTHER_NAMES.get(claim, "")
            place = self.fields.get(name)
            if claim not in CLAIMS or not isinstance(place, models.CharField | models.TextField):
                continue
            try:
                cleaned = place.clean(value, None)
                if claim == "zoneinfo" and cleaned not in self._zones:
                    raise ValidationError("unknown")
                if claim in NAMES:
                    check_name(cleaned)
            except ValidationError:
                person.note("claim_left", f"“{claim}” has a value that an account can't hold.")
            else:
                found[name] = cleaned
        return found

    def _judge_hash(self, person: Person) -> None:
        """Drop a hash that would be one kind too many."""
        kind = _kind(person.password)
        if kind in ("", even_work.USUAL) or kind in self._kinds:
            return
        if len(self._kinds) < MOST_KINDS:
            self._kinds.add(kind)
        else:
            person.password = ""
            person.note("password_left", f"There are hashes of {MOST_KINDS} kinds already.")

    # --- who is not here yet ---------------------------------------------------------------------

    def _create(self, batch: list[tuple[int, Person]]) -> list[Outcome]:
        membership = Membership(person for _, person in batch) if self.options.groups else None
        outcomes = []
        if self.options.dry_run:
            if membership:
                membership.judge()
        elif batch:
            try:
                with transaction.atomic():
                    self._insert([person for _, person in batch], membership)
            except IntegrityError:
                # Someone signed up in this moment, say. One at a time tells who.
                return [self._create_one(number, person) for number, person in batch]
        for number, person in batch:
            outcomes.append(_done("imported", number, person))
        return outcomes

    def _create_one(self, number: int, person: Person) -> Outcome:
        membership = Membership([person]) if self.options.groups else None
        try:
            with transaction.atomic():
                self._insert([person], membership)
        except IntegrityError:
            why = Refused("existing", "There is an account with this address or id already.")
            return _refused(number, person, why)
        return _done("imported", number, person)

    def _insert(self, people: list[Person], membership: Membership | None) -> None:
        self._remember_kinds(people)
        users = [self._new(person) for person in people]
        if self.model._meta.parents:  # in several tables, which can't be filled at once
            for user in users:
                user.save(force_insert=True)
        else:
            self.model._base_manager.bulk_create(users)
        ImportedIdentity.objects.bulk_create(
            ImportedIdentity(
                source=self.options.source, external_id=person.external_id, user_id=user.pk
            )
            for person, user in zip(people, users, strict=True)
        )
        if membership:
            membership.store(self.model, zip(people, users, strict=True))
        events.record_all("person.imported", users, details={"source": self.options.source})

    def _new(self, person: Person) -> Any:
        now = timezone.now()
        facts: dict[str, Any] = {
            self.model.USERNAME_FIELD: person.email,
            self.email_field: person.email,
            "password": person.password or make_password(None),
            "is_active": person.is_active,
            "email_verified_at": now if person.email_verified else None,
            "date_joined": person.joined or now,
            **person.claims,
        }
        if self.options.keep_ids:
            facts[self.model._meta.pk.name] = _uuid(person)
        return self.model(**{name: value for name, value in facts.items() if name in self.fields})

    def _remember_kinds(self, people: Iterable[Person]) -> None:
        kinds = {_kind(person.password) for person in people} - {"", even_work.USUAL}
        ImportedHashKind.objects.bulk_create(
            [ImportedHashKind(kind=kind) for kind in sorted(kinds)], ignore_conflicts=True
        )

    # --- who is here already ---------------------------------------------------------------------

    def _locked(self, **wanted: Any) -> dict[Any, Any]:
        people = self.model._base_manager.select_for_update().filter(**wanted)
        return {user.pk: user for user in people}

    def _owners(self, batch: list[tuple[int, Person]]) -> dict[str, list[Any]]:
        """Those who have the addresses of these people; several only on some user models."""
        wanted = has_address(self.email_field, (person.email for _, person in batch))
        found: dict[str, list[Any]] = {}
        for user in self.model._base_manager.filter(wanted):
            found.setdefault(canonical(email_of(user)), []).append(user)
        return found

    def _taken_names(self, batch: list[tuple[int, Person]]) -> set[str]:
        """The user names, where those are no addresses, that somebody has already."""
        name = self.model.USERNAME_FIELD
        if name == self.email_field:
            return set()
        wanted = {f"{name}__in": [person.email for _, person in batch]}
        return set(self.model._base_manager.filter(**wanted).values_list(name, flat=True))

    def _erased(self, batch: list[tuple[int, Person]]) -> set[str]:
        """The addresses, and the ids that are to be kept, of people who were erased: who comes back
        is to do so by themselves, and not by a list."""
        found = tombstones.buried_among(tombstones.Of.EMAIL, (person.email for _, person in batch))
        if self.options.keep_ids:
            ids = (str(_uuid(person)) for _, person in batch)
            found |= tombstones.buried_among(tombstones.Of.ID, ids)
        return found

    def _again(self, number: int, person: Person, user: Any) -> Outcome:
        """Someone whom an earlier run took over."""
        if not self.options.update or user is None:
            return _done("here", number, person)
        if _is_privileged(user):
            raise Refused("operator", "Operators are not changed by an import.")
        changes: dict[str, Any] = {
            name: value for name, value in person.claims.items() if getattr(user, name) != value
        }
        if canonical(email_of(user)) != canonical(person.email):
            person.note("email_left", "The address here is another, and stays.")
        elif person.email_verified and getattr(user, "email_verified_at", user) is None:
            changes["email_verified_at"] = timezone.now()
        if not person.is_active and user.is_active:
            changes["is_active"] = False
        if person.password not in ("", user.password) and self._has_imported_password(user):
            changes["password"] = person.password
        if not changes:
            return _done("here", number, person)
        return self._change(number, person, user, changes)

    def _adopt(self, number: int, person: Person, owners: list[Any]) -> Outcome:
        """Someone who has an account here that no import made.

        Only where both sides have verified the address is it one person (SECURITY H11), and then
        the account keeps its password and all that it has.
        """
        if not self.options.update:
            raise Refused("existing", "There is an account with this address already.")
        if len(owners) > 1:
            raise Refused("existing", "There are several accounts with this address.")
        [user] = owners
        if _is_privileged(user):
            raise Refused("operator", "Operators are not changed by an import.")
        verified_here = getattr(user, "email_verified_at", user) is not None
        if not (person.email_verified and verified_here):
            raise Refused("existing", "The account here has an address that not both verified.")
        identity = {"source": self.options.source, "user": user}
        if ImportedIdentity.objects.filter(**identity).exists():
            raise Refused("existing", "The account here came from another id of this source.")
        if not self.options.dry_run:
            ImportedIdentity.objects.create(external_id=person.external_id, **identity)
        changes = {name: value for name, value in person.claims.items() if not getattr(user, name)}
        person.password = ""
        return self._change(number, person, user, changes)

    def _change(self, number: int, person: Person, user: Any, changes: dict[str, Any]) -> Outcome:
        if not self.options.dry_run:
            if "password" in changes:
                self._remember_kinds([person])
            for name, value in changes.items():
                setattr(user, name, value)
            changed = [name for name in ("updated_at", *changes) if name in self.fields]
            if changes:
                user.save(update_fields=changed)
            details = {"source": self.options.source, "fields": sorted(changes)}
            events.record("person.import_updated", user=user, details=details)
        outcome = _done("updated", number, person)
        outcome.has_password = user.has_usable_password()
        return outcome

    def _has_imported_password(self, user: Any) -> bool:
        """Whether the password is still as it came: nobody has signed in by it."""
        return user.last_login is None and _kind(user.password) in self._kinds


def _kind(encoded: str) -> str:
    """What a hash costs to compute; empty for none, or one that is not a hash of ours to read."""
    if not encoded:
        return ""
    try:
        hasher = identify_hasher(encoded)
    except ValueError:
        return ""
    if isinstance(hasher, BoundedArgon2PasswordHasher):
        return hasher.kind(encoded)
    return even_work.kind_of(encoded)


def _uuid(person: Person) -> uuid.UUID | None:
    try:
        return uuid.UUID(person.external_id)
    except ValueError:
        return None


def _is_privileged(user: Any) -> bool:
    return bool(getattr(user, "is_staff", False) or getattr(user, "is_superuser", False))


def _refused(number: int, person: Person, why: Refused) -> Outcome:
    return Outcome(number, "refused", person.external_id, why.reason, str(why))


def _done(outcome: str, number: int, person: Person) -> Outcome:
    return Outcome(
        number,
        outcome,
        person.external_id,
        has_password=bool(person.password),
        notes=person.notes,
    )
