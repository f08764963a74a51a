"""What runs in a network namespace of the tests, or on the host: servers that greet, a name server, and raw frames.

serve ADDRESS…, and send INTERFACE FRAME… in hexadecimal digits.
"""

import socket
import struct
import sys
import threading

PORT = 8000
GREETING = b"hello from outside\n"
NAMES = {"allowed.example.org": "198.51.100.129", "other.example.org": "198.51.100.130"}


def serve(addresses: list[str]) -> None:
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = socket.create_server((address, PORT), family=family)
        threading.Thread(target=_greet, args=(server,), daemon=True).start()
    if "198.51.100.129" in addresses:
        names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        names.bind(("198.51.100.129", 53))
        threading.Thread(target=_name, args=(names,), daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


def _greet(server: socket.socket) -> None:
    while True:
        line, _ = server.accept()
        line.sendall(GREETING)
        line.close()


def _name(names: socket.socket) -> None:
    while True:
        message, asker = names.recvfrom(4096)
        labels, place = [], 12
        while message[place]:
            labels.append(message[place + 1 : place + 1 + message[place]].decode().lower())
            place += 1 + message[place]
        question = message[12 : place + 5]
        address = NAMES.get(".".join(labels))
        is_ipv4 = struct.unpack("!H", message[place + 1 : place + 3])[0] == 1
        found = address is not None and is_ipv4
        header = message[:2] + struct.pack("!5H", 0x8180 if address else 0x8183, 1, int(found), 0, 0)
        record = struct.pack("!HHHIH", 0xC00C, 1, 1, 30, 4) + socket.inet_aton(address or "") if found else b""
        names.sendto(header + question + record, asker)


def send(interface: str, frames: list[str]) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as line:
        line.bind((interface, 0))
        for frame in frames:
            line.send(bytes.fromhex(frame))


def main() -> None:
    if sys.argv[1] == "serve":
        serve(sys.argv[2:])
    else:
        send(sys.argv[2], sys.argv[3:])


if __name__ == "__main__":
    main()
