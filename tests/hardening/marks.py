"""What a stranger's program finds in a finished file: parsers written from the formats' papers, not from our code."""

import json
import zlib

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """(type, content) of every box at the top level of an mp4; the sizes must add up to the file."""
    found, at = [], 0
    while at < len(data):
        size, start = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        assert start <= size <= len(data) - at, "a box is longer than its file"
        found.append((data[at + 4 : at + 8], data[at + start : at + size]))
        at += size
    return found


def xmp_of_mp4(data: bytes) -> str:
    """The XMP box's packet."""
    (packet,) = [content[16:] for kind, content in boxes(data) if kind == b"uuid" and content[:16] == XMP_UUID]
    return packet.decode("utf-8")


def gif_blocks(data: bytes) -> list[tuple[int, bytes]]:
    """(label, content of its sub-blocks) of every extension of a GIF, to its last byte. Pictures are walked over."""
    assert data[:6] == b"GIF89a" and data[-1:] == b";"
    at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    found = []
    while data[at : at + 1] != b";":
        if data[at : at + 1] == b"!":
            label, at = data[at + 1], at + 2
        else:
            assert data[at : at + 1] == b",", f"no block begins at {at}"
            flags = data[at + 9]
            at += 10 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0) + 1
            label = -1
        content = b""
        while size := data[at]:
            content += data[at : at + 1 + size]  # with the sizes, which inside XMP are letters of it
            at += 1 + size
        at += 1
        found.append((label, content))
    assert at == len(data) - 1, "something stands behind the end"
    return found


def xmp_of_gif(data: bytes) -> str:
    """The packet in the XMP application block."""
    head = b"\x0bXMP DataXMP"
    (content,) = [content for label, content in gif_blocks(data) if label == 0xFF and content.startswith(head)]
    packet, _, rest = content[len(head) :].partition(b'<?xpacket end="r"?>')
    assert rest == bytes([1, *range(255, -1, -1)])  # the magic trailer, but for the zero that ends it
    return packet.decode("utf-8")


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """(type, content) of every chunk of a PNG, its checksums checked."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        content = data[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + content) == int.from_bytes(data[at + 8 + size : at + 12 + size], "big")
        found.append((kind, content))
        at += 12 + size
    assert found[-1][0] == b"IEND"
    return found


def xmp_of_png(data: bytes) -> str:
    """The packet of the iTXt chunk that XMP has in a PNG."""
    key = b"XML:com.adobe.xmp\0\0\0\0\0"
    (packet,) = [content[len(key) :] for kind, content in chunks(data) if kind == b"iTXt" and content.startswith(key)]
    return packet.decode("utf-8")


def look_metadata(data: bytes) -> dict[str, str]:
    """What a look file says of itself."""
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
