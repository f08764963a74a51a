"""The table of how far the upkeep of each region's store is."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from galeria.adapters.db.tables.columns import UtcTime, enum_type
from galeria.adapters.db.tables.metadata import metadata
from galeria.domain.images.upkeep import UpkeepKind

store_upkeep = Table(
    "store_upkeep",
    metadata,
    Column("region", String, primary_key=True),
    Column("kind", enum_type(UpkeepKind), primary_key=True),
    Column("begun_at", UtcTime),
    Column("after", String, nullable=False),
    Column("done_bytes", BigInteger, nullable=False),
    Column("left_bytes", BigInteger, nullable=False),
    Column("damaged", Integer, nullable=False),
    Column("finished_at", UtcTime),
    Column("last_bytes", BigInteger, nullable=False),
    Column("last_damaged", Integer, nullable=False),
)
