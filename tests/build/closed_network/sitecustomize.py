"""Put this folder first on PYTHONPATH, and no Python below can reach another host: doing so raises, and is noted.

Connections to this machine itself stay open, since notebooks talk to their kernels through them.
``CVNOTES_NETWORK_LOG`` names a file for the notes: a line ``closed`` for each process, a line for each attempt.
"""

import ipaddress
import os
import socket


class NetworkClosedError(OSError):
    """A program tried to reach another host."""


def note(line):
    name = os.environ.get("CVNOTES_NETWORK_LOG")
    if name:
        with open(name, "a", encoding="utf-8") as file:
            file.write(line + "\n")


def is_here(host):
    if host in (None, "", b"", "localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def refuse(host):
    note(f"refused {host!r}")
    raise NetworkClosedError(f"the network is closed; something asked for {host!r}")


def guarded(method):
    def call(self, address, *rest):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_here(address[0]):
            refuse(address[0])
        return method(self, address, *rest)

    return call


def guarded_lookup(function):
    def call(host, *rest, **options):
        if not is_here(host):
            refuse(host)
        return function(host, *rest, **options)

    return call


socket.socket.connect = guarded(socket.socket.connect)
socket.socket.connect_ex = guarded(socket.socket.connect_ex)
for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
    setattr(socket, name, guarded_lookup(getattr(socket, name)))
note("closed")
