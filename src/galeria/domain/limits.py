"""How many labs, machines and running operations one person or lab account may have at a time, and everybody together."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How many of something one person, or one lab account, may have at a time, and how many there may be in all."""

    per_person: int
    in_all: int
    per_account: int | None = None  # None: it is not counted by lab account


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of an installation. They hold for administrators too.

    The defaults are far above what a faculty needs: they stop a program that runs wild, not people.
    """

    labs: Limit = Limit(per_person=500, per_account=5_000, in_all=10_000)
    machines: Limit = Limit(
        per_person=5_000, per_account=25_000, in_all=50_000
    )  # a lab's template, and as many as its capacity says
    exports: Limit = Limit(
        per_person=50, per_account=100, in_all=200
    )  # under way: each reads a whole machine's changes
    operations: Limit = Limit(per_person=200, in_all=2_000)  # that are not at their end; what removes is not counted
