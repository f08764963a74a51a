#!/usr/bin/env python3
"""Starts the Chromium that $CHROMIUM names without a view of this host's network cards.

Other tests start machines meanwhile, and each brings a card. Chromium takes that for another network and gives up what it is
loading, scripts of pages among it (ERR_NETWORK_CHANGED). Where it gets no netlink socket it believes that nothing changes.
"""

import ctypes
import os
import struct
import sys

NO_NEW_PRIVILEGES, SET_SECCOMP, MODE_FILTER = 38, 22, 2  # prctl(2)
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF: a word of the call's data, a comparison, the end
ALLOW, REFUSE = 0x7FFF0000, 0x00050001  # SECCOMP_RET_ALLOW, and SECCOMP_RET_ERRNO with EPERM
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16  # places in struct seccomp_data
X86_64, SOCKET, NETLINK = 0xC000003E, 41, 16

PROGRAM = [
    (LOAD, 0, 0, MACHINE),
    (EQUAL, 0, 5, X86_64),
    (LOAD, 0, 0, NUMBER),
    (EQUAL, 0, 3, SOCKET),
    (LOAD, 0, 0, FIRST_ARGUMENT),
    (EQUAL, 0, 1, NETLINK),
    (RETURN, 0, 0, REFUSE),
    (RETURN, 0, 0, ALLOW),
]


def main() -> None:
    code = b"".join(struct.pack("HBBI", *line) for line in PROGRAM)
    filled = ctypes.create_string_buffer(code, len(code))
    described = struct.pack("HxxxxxxQ", len(PROGRAM), ctypes.addressof(filled))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if libc.prctl(SET_SECCOMP, MODE_FILTER, ctypes.c_char_p(described), 0, 0):
        raise OSError(ctypes.get_errno(), "no filter of system calls is to be had")
    chromium = os.environ["CHROMIUM"]
    os.execv(chromium, [chromium, *sys.argv[1:]])


main()
