"""The column of a machine's hardware."""

import sqlalchemy as sa
from pydantic import TypeAdapter

from galeria.domain.labs.hardware import Hardware


class HardwareText(sa.TypeDecorator[Hardware]):
    """Hardware as JSON. Fields that a later release added come out as their defaults."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: Hardware | None, dialect: sa.Dialect) -> str | None:
        return _HARDWARE.dump_json(value).decode() if value is not None else None

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Hardware | None:
        return _HARDWARE.validate_json(value) if value is not None else None


_HARDWARE = TypeAdapter(Hardware)
