"""Writes a small database in MaxMind's format (MaxMind DB file format, version 2.0)."""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path
from typing import Any

MARKER = b"\xab\xcd\xefMaxMind.com"


def _control(kind: int, size: int) -> bytes:
    assert size < 29 + 256
    head = bytes([kind << 5 if kind < 8 else 0])
    extended = bytes([kind - 7]) if kind >= 8 else b""
    if size < 29:
        return bytes([head[0] | size]) + extended
    return bytes([head[0] | 29]) + extended + bytes([size - 29])


def encode(value: Any) -> bytes:
    """A value of the data section; a whole number with its kind, as a pair."""
    if isinstance(value, dict):
        pairs = b"".join(encode(key) + encode(item) for key, item in value.items())
        return _control(7, len(value)) + pairs
    if isinstance(value, list):
        return _control(11, len(value)) + b"".join(map(encode, value))
    if isinstance(value, str):
        return _control(2, len(value.encode())) + value.encode()
    if isinstance(value, float):
        return _control(3, 8) + struct.pack(">d", value)
    kind, whole = value
    return _control(kind, (length := (whole.bit_length() + 7) // 8)) + whole.to_bytes(length, "big")


UINT16, UINT32, UINT64 = 5, 6, 9


def write(path: Path, networks: dict[str, dict[str, Any]]) -> Path:
    """A database that knows these IPv4 networks."""
    data, nodes = b"", [[None, None]]
    leaves: dict[tuple[int, int], int] = {}
    for text, record in networks.items():
        network = ipaddress.ip_network(text)
        bits = f"{int(network.network_address):032b}"[: network.prefixlen]
        node = 0
        for bit in map(int, bits[:-1]):
            if nodes[node][bit] is None:
                nodes.append([None, None])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        leaves[node, int(bits[-1])] = len(data)
        data += encode(record)
    count = len(nodes)
    tree = b""
    for number, node in enumerate(nodes):
        for bit in (0, 1):
            if (number, bit) in leaves:
                value = count + 16 + leaves[number, bit]
            else:
                value = count if node[bit] is None else node[bit]
            tree += value.to_bytes(3, "big")
    metadata = {
        "binary_format_major_version": (UINT16, 2),
        "binary_format_minor_version": (UINT16, 0),
        "build_epoch": (UINT64, 1700000000),
        "database_type": "Test-City",
        "description": {"en": "places of the tests"},
        "ip_version": (UINT16, 4),
        "languages": ["en"],
        "node_count": (UINT32, count),
        "record_size": (UINT16, 24),
    }
    path.write_bytes(tree + bytes(16) + data + MARKER + encode(metadata))
    return path


def city(country: str, name: str, town: str, latitude: float, longitude: float) -> dict[str, Any]:
    """A record as a city database has it."""
    return {
        "city": {"names": {"en": town}},
        "country": {"iso_code": country, "names": {"en": name, "de": f"{name} (de)"}},
        "location": {"latitude": latitude, "longitude": longitude},
    }


PARIS, LYON, TOKYO = "198.51.100.7", "198.51.100.130", "203.0.113.9"
PLACES = {
    "198.51.100.0/25": city("FR", "France", "Paris", 48.86, 2.35),
    "198.51.100.128/25": city("FR", "France", "Lyon", 45.76, 4.84),
    "203.0.113.0/24": city("JP", "Japan", "Tokyo", 35.68, 139.69),
    "192.0.2.0/24": {"registered_country": {"iso_code": "NO", "names": {"en": "Norway"}}},
}
