"""The packet filter, through its own library: tables with `flags owner` belong to the process that makes them."""

import ctypes

LIBRARY = "libnftables.so.1"


class RulesRefusedError(Exception):
    """The packet filter did not take the rules; nothing of them holds."""


class PacketFilter:
    """One connection to it, for one thread. Raises OSError where the library is missing."""

    def __init__(self) -> None:
        library = ctypes.CDLL(LIBRARY)
        library.nft_ctx_new.restype = ctypes.c_void_p
        library.nft_ctx_get_error_buffer.restype = ctypes.c_char_p
        library.nft_ctx_get_output_buffer.restype = ctypes.c_char_p
        self._library = library
        self._context = ctypes.c_void_p(library.nft_ctx_new(0))
        library.nft_ctx_buffer_error(self._context)
        library.nft_ctx_buffer_output(self._context)

    def run(self, commands: str) -> str:
        """Do all of the commands or none, and return what was asked for. Raises RulesRefusedError."""
        status = self._library.nft_run_cmd_from_buffer(self._context, commands.encode())
        said = self._library.nft_ctx_get_error_buffer(self._context).decode(errors="replace").strip()
        output: str = self._library.nft_ctx_get_output_buffer(self._context).decode(errors="replace")
        if status:
            raise RulesRefusedError(said or "no reason was given")
        return output

    def has_table(self, family: str, name: str) -> bool:
        return f"table {family} {name}\n" in self.run("list tables") + "\n"

    def close(self) -> None:
        self._library.nft_ctx_free(self._context)
