"""galeria audit: verify. On the host itself, while the server runs or not."""

from typing import Annotated, Any

import typer

from galeria.domain.audit import AuditVerified, read_head
from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message
from galeria.interfaces.cli.kit.command import local, noun
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.host_commands import HostCommandsLoader
from galeria.interfaces.cli.kit.table import columns, facts


def add_audit_commands(app: typer.Typer, host_commands: HostCommandsLoader) -> None:
    audit = noun(app, "audit", "The activity log of this host's installation.")

    @local(audit, "verify")
    def verify(
        context: CliContext,
        noted: Annotated[
            list[str] | None,
            typer.Option(
                "--noted",
                metavar="NUMBER:HASH",
                help="A last link that was printed before and kept elsewhere: nothing up to it may have changed. Repeatable.",
            ),
        ] = None,
    ) -> None:
        """Check that no entry was changed, removed or put in between. Says where the log breaks, and fails then.

        Keep the last link that it prints on another computer: with --noted it proves later that the log was not cut.
        """
        verified = host_commands().verify_audit(context.data, [read_head(each) for each in noted or ()])
        context.show(_json(verified), lambda: facts(_facts(verified)))
        if verified.breaks:
            if not context.is_json:
                context.out.print(
                    columns(["Entry", "What is wrong"], [(each.number, each.reason) for each in verified.breaks])
                )
            first = verified.breaks[0]
            raise Corrupt(
                Message(
                    "The activity log breaks at entry {number}: {reason}", number=first.number, reason=first.reason
                ),
                hint=Message("Compare the database with its copy and with backups, before anything else is changed."),
            )


def _facts(verified: AuditVerified) -> list[tuple[str, object]]:
    copied = "there is none" if verified.copied is None else f"up to entry {verified.copied}"
    return [
        ("entries", verified.entries),
        ("not chained yet", verified.waiting),
        ("copy", copied),
        ("last link", str(verified.head)),
    ]


def _json(verified: AuditVerified) -> dict[str, Any]:
    return {
        "entries": verified.entries,
        "waiting": verified.waiting,
        "copied": verified.copied,
        "head": str(verified.head),
        "breaks": [{"number": each.number, "reason": each.reason} for each in verified.breaks],
    }
