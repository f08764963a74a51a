"""Tables of the chunk index: the packs of each region, and where in them each chunk lies.

All of it but two columns repeats the packs' footers, so that the tables may be emptied and rebuilt: what is not known to have
been verified is read once more, and packs without a sum are replicated chunk by chunk.
"""

import sqlalchemy as sa

from galeria.adapters.db.tables.metadata import metadata

packs = sa.Table(
    "packs",
    metadata,
    sa.Column("region", sa.String(90), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("chunks", sa.Integer, nullable=False),
    # Whether every chunk in it was read in the region after it was written, and nobody found damage since.
    sa.Column("verified", sa.Boolean, nullable=False, server_default=sa.false()),
    # BLAKE3 of the whole object, as whoever wrote it has computed it; null where an index was rebuilt, and for older packs.
    sa.Column("sum", sa.LargeBinary(32)),
    sqlite_with_rowid=False,
)

chunks = sa.Table(
    "chunks",
    metadata,
    sa.Column("region", sa.String(90), primary_key=True),
    sa.Column("hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("pack", sa.String(64), nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("length", sa.Integer, nullable=False),
    # Removing or repacking a pack looks up its chunks; without this index each look-up would read the whole table.
    sa.Index("chunks_by_pack", "region", "pack"),
    sqlite_with_rowid=False,
)
