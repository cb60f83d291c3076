"""A writer of Parquet files: flat columns and records of columns, plain and uncompressed.

Audio does not compress and pyarrow takes 165 MB, so this writes the part of the format that the corpus needs: a data
page per column and row group, PLAIN values, nulls by definition levels. The footer and the page headers are
Thrift structs in the compact protocol. Sources: parquet.thrift and Encodings.md of apache/parquet-format,
thrift-compact-protocol.md of apache/thrift.
"""

import struct
from collections.abc import Iterable
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import NamedTuple

MAGIC = b"PAR1"
I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12  # Thrift's compact types
INT64, DOUBLE, BYTE_ARRAY = 2, 5, 6  # Parquet's physical types
PHYSICAL = {int: INT64, float: DOUBLE, str: BYTE_ARRAY, bytes: BYTE_ARRAY}
OPTIONAL = 1  # of every column: Arrow's own schemas are so, and Hugging Face's features are matched with them
PLAIN, RLE = 0, 3
UTF8 = 0
UNCOMPRESSED = 0
DATA_PAGE = 0

Schema = dict[str, "type | dict[str, type]"]  # int, float, str, bytes, or a record of such


class Chunk(NamedTuple):
    """One column of one row group, as the footer tells it. offset, size: bytes."""

    path: tuple[str, ...]
    kind: type
    rows: int
    offset: int
    size: int


def varint(number: int) -> bytes:
    """An unsigned integer, 7 bits a byte, least significant first (ULEB128)."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def integer(number: int) -> bytes:
    """A Thrift i32 or i64 of 0 or more: zigzag, then varint."""
    return varint(number << 1)


def binary(data: bytes | str) -> bytes:
    """A Thrift string or binary."""
    data = data.encode() if isinstance(data, str) else data
    return varint(len(data)) + data


def sequence(kind: int, items: list[bytes]) -> bytes:
    """A Thrift list of encoded items."""
    head = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + varint(len(items))
    return head + b"".join(items)


def record(*fields: tuple[int, int, bytes]) -> bytes:
    """A Thrift struct of (field number ascending, type, encoded value)."""
    out, last = [], 0
    for number, kind, data in fields:
        out.append(bytes([number - last << 4 | kind]) + data)
        last = number
    return b"".join(out) + b"\0"


def levels(present: list[bool], depth: int) -> bytes:
    """Definition levels, led by their length in bytes. depth: of the column, 1 or within a record 2.

    One run of equal levels where nothing is missing, else (in a flat column) one bit-packed run.
    """
    if all(present):
        run = varint(len(present) << 1) + bytes([depth])
    else:
        groups = -(-len(present) // 8)
        bits = sum(there << i for i, there in enumerate(present))
        run = varint(groups << 1 | 1) + bits.to_bytes(groups, "little")
    return struct.pack("<I", len(run)) + run


def page(values: list, kind: type, depth: int) -> list[bytes]:
    """The parts of a data page. A value of a flat column may be None."""
    there = [value for value in values if value is not None]
    parts = [levels([value is not None for value in values], depth)]
    if kind in (int, float):
        return [*parts, struct.pack(f"<{len(there)}{'q' if kind is int else 'd'}", *there)]
    encoded = [value.encode() for value in there] if kind is str else there
    return parts + [part for value in encoded for part in (struct.pack("<I", len(value)), value)]


def leaves(schema: Schema) -> Iterable[tuple[tuple[str, ...], type]]:
    """Every column that holds values, and its path."""
    for name, kind in schema.items():
        if isinstance(kind, dict):
            yield from (((name, inner), leaf) for inner, leaf in kind.items())
        else:
            yield (name,), kind


def elements(schema: Schema) -> list[bytes]:
    """The schema as a depth-first list of SchemaElement."""
    encoded = [record((4, BINARY, binary("schema")), (5, I32, integer(len(schema))))]
    for name, kind in schema.items():
        if isinstance(kind, dict):
            named = (4, BINARY, binary(name))
            encoded.append(record((3, I32, integer(OPTIONAL)), named, (5, I32, integer(len(kind)))))
            encoded += [element(inner, leaf) for inner, leaf in kind.items()]
        else:
            encoded.append(element(name, kind))
    return encoded


def element(name: str, kind: type) -> bytes:
    """The SchemaElement of a column with values."""
    fields = [(1, I32, integer(PHYSICAL[kind])), (3, I32, integer(OPTIONAL)), (4, BINARY, binary(name))]
    if kind is str:  # the older name for a text, and the newer: LogicalType.STRING
        fields += [(6, I32, integer(UTF8)), (10, STRUCT, record((1, STRUCT, record())))]
    return record(*fields)


def column_chunk(chunk: Chunk) -> bytes:
    """The ColumnChunk of the footer."""
    encodings = sequence(I32, [integer(PLAIN), integer(RLE)])
    meta = record(
        (1, I32, integer(PHYSICAL[chunk.kind])),
        (2, LIST, encodings),
        (3, LIST, sequence(BINARY, [binary(name) for name in chunk.path])),
        (4, I32, integer(UNCOMPRESSED)),
        (5, I64, integer(chunk.rows)),
        (6, I64, integer(chunk.size)),
        (7, I64, integer(chunk.size)),
        (9, I64, integer(chunk.offset)),
    )
    return record((2, I64, integer(chunk.offset)), (3, STRUCT, meta))


def row_group(chunks: list[Chunk]) -> bytes:
    """The RowGroup of the footer."""
    return record(
        (1, LIST, sequence(STRUCT, [column_chunk(chunk) for chunk in chunks])),
        (2, I64, integer(sum(chunk.size for chunk in chunks))),
        (3, I64, integer(chunks[0].rows)),
    )


def page_header(rows: int, size: int) -> bytes:
    """The PageHeader of a data page of `size` bytes."""
    told = record((1, I32, integer(rows)), (2, I32, integer(PLAIN)), (3, I32, integer(RLE)), (4, I32, integer(RLE)))
    sizes = ((2, I32, integer(size)), (3, I32, integer(size)))  # uncompressed and compressed: the same
    return record((1, I32, integer(DATA_PAGE)), *sizes, (5, STRUCT, told))


def footer(schema: Schema, groups: list[list[Chunk]], metadata: dict[str, str]) -> bytes:
    """The FileMetaData."""
    pairs = [record((1, BINARY, binary(key)), (2, BINARY, binary(value))) for key, value in metadata.items()]
    return record(
        (1, I32, integer(1)),
        (2, LIST, sequence(STRUCT, elements(schema))),
        (3, I64, integer(sum(chunks[0].rows for chunks in groups))),
        (4, LIST, sequence(STRUCT, [row_group(chunks) for chunks in groups])),
        (5, LIST, sequence(STRUCT, pairs)),
        (6, BINARY, binary("voxsieve")),
    )


def write(path: Path, schema: Schema, groups: Iterable[list[dict]], metadata: dict[str, str]) -> None:
    """Write rows, a row group (held in memory) for each list of `groups`; `metadata` goes to the footer.

    A row has a value for every column, a dict for a record. A page holds less than 2 GiB.
    """
    written: list[list[Chunk]] = []
    with open(path, "wb") as out:
        out.write(MAGIC)
        for rows in groups:
            chunks = []
            for place, kind in leaves(schema):
                values = [reduce(getitem, place, row) for row in rows]
                parts = page(values, kind, len(place))
                head = page_header(len(rows), sum(map(len, parts)))
                chunks.append(Chunk(place, kind, len(rows), out.tell(), len(head) + sum(map(len, parts))))
                out.write(head)
                out.writelines(parts)
            written.append(chunks)
        end = footer(schema, written, metadata)
        out.write(end + struct.pack("<I", len(end)) + MAGIC)
