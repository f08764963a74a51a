"""Regions on the command line: repeated, or separated by commas."""

from typing import Annotated

import typer

Region = Annotated[str, typer.Option("--region", "-r", help="The region. [default: that of the group or account]")]
RegionList = Annotated[
    list[str] | None,
    typer.Option("--regions", "--region", "-r", help="Regions, separated by commas; the option may be repeated."),
]


def named_regions(values: list[str] | None) -> list[str]:
    """Return each region once, in the given order."""
    return separated(values)


def separated(values: list[str] | None) -> list[str]:
    """Return what is repeated, or separated by commas, once each, in the given order."""
    names = [name.strip() for value in values or [] for name in value.split(",")]
    return [name for name in dict.fromkeys(names) if name]
