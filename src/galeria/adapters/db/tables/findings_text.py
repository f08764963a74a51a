"""The column of what was found on a disk."""

import sqlalchemy as sa
from pydantic import TypeAdapter

from galeria.domain.images.findings import Findings


class FindingsText(sa.TypeDecorator[Findings]):
    """What was found on a disk, as JSON. Fields that a later release added come out as their defaults."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: Findings | None, dialect: sa.Dialect) -> str | None:
        return _FINDINGS.dump_json(value).decode() if value is not None else None

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Findings | None:
        return _FINDINGS.validate_json(value) if value is not None else None


_FINDINGS = TypeAdapter(Findings)
