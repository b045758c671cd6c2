"""Groups of imported people; never one that would give them powers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group

from .person import Person

NAME_MOST = 150
"""Characters of a group's name, as Django has it."""


class Membership:
    """The groups of a batch of people."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = list(people)
        wanted = {name for person in self.people for name in person.groups}
        found = Group.objects.filter(name__in=wanted)
        self._keys = {group.name: group.pk for group in found}
        self._powerful = set(found.filter(permissions__isnull=False).values_list("name", flat=True))

    def judge(self) -> None:
        """Leave out the groups that give permissions here, and names that are too long."""
        for person in self.people:
            for name in person.groups[:]:
                if len(name) > NAME_MOST or name in self._powerful:
                    person.groups.remove(name)
                    person.note(
                        "group_left",
                        f"The group “{name[:NAME_MOST]}” gives permissions here, or is too long.",
                    )

    def store(self, model: Any, users: Iterable[tuple[Person, Any]]) -> None:
        """Put people into their groups, if they aren't, and make those that are missing."""
        self.judge()
        through = model.groups.through
        person_key = f"{model._meta.get_field('groups').m2m_field_name()}_id"
        members = [
            through(**{person_key: user.pk, "group_id": self._key(name)})
            for person, user in users
            for name in dict.fromkeys(person.groups)
        ]
        through._base_manager.bulk_create(members, ignore_conflicts=True)

    def _key(self, name: str) -> int:
        if name not in self._keys:
            self._keys[name] = Group.objects.create(name=name).pk
        return self._keys[name]
