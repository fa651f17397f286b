"""Reads the captures that `seqnic` writes: pcap, little endian."""

import struct
from collections.abc import Iterator
from pathlib import Path

FILE_HEADER_BYTES = 24
MAGIC = (0xA1B2C3D4, 0xA1B23C4D)
# Two words of time, the bytes that are stored, the bytes that there were.
RECORD = struct.Struct("<4I")


def frames(path: Path) -> Iterator[bytes]:
    """The frames of a capture, in order."""
    data = path.read_bytes()
    if int.from_bytes(data[:4], "little") not in MAGIC:
        raise ValueError(f"{path} is no pcap in little endian")
    offset = FILE_HEADER_BYTES
    while offset < len(data):
        _, _, stored, _ = RECORD.unpack_from(data, offset)
        offset += RECORD.size
        yield data[offset : offset + stored]
        offset += stored
