"""How many labs, machines and running operations one person may have at a time, and everybody together."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How many of something one person may have at a time, and how many there may be in all."""

    per_person: int
    in_all: int


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of an installation. They hold for administrators too.

    The defaults are far above what a faculty needs: they stop a program that runs wild, not people.
    """

    labs: Limit = Limit(per_person=500, in_all=10_000)
    machines: Limit = Limit(per_person=5_000, in_all=50_000)  # a lab's template, and as many as its capacity says
    operations: Limit = Limit(per_person=200, in_all=2_000)  # that are not at their end; what removes is not counted
