"""What every image store promises, and that a writer or a collector may die at any point, on real S3 and Azure servers."""

from tests.adapters.store.promises import buckets, collection, contract, promised_by, replication

globals().update(promised_by(contract, buckets, collection, replication))
