"""What every image store promises, on a directory and in memory."""

from tests.adapters.store.promises import contract, promised_by

globals().update(promised_by(contract))
