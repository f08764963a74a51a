"""A clock that is ahead of a workflow's own."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from galeria.workflows.context import WorkflowContext


@dataclass(frozen=True)
class Later:
    """A clock that is ahead."""

    by: timedelta
    context: WorkflowContext

    def now(self) -> datetime:
        return self.context.clock.now() + self.by
