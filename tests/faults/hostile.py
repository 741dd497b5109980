"""Files that somebody wrote who knows how to: of the wrong type, shape or size, made to hang, to fill memory or to run code; most of them
under a checksum that fits."""

import io
import json
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import torch
from numpy.typing import NDArray

DEEP = 100_000  # brackets in brackets
NUMBERS = (True, -1, 0, 2**70, 10**400, -1e308, float("nan"), float("inf"))
ODD = (None, *NUMBERS, "", "x", "\ud800", "\x1b[31m", [], {}, [[]], {"a": {}}, [1, "x"])
Arrays = dict[str, NDArray[np.generic]]


def nothing(file: Path, chance: Random) -> None:
    """An empty file."""
    file.write_bytes(b"")


def cut(file: Path, chance: Random) -> None:
    """A part of it."""
    os.truncate(file, chance.randrange(file.stat().st_size))


def noise(file: Path, chance: Random) -> None:
    """Bytes that are no UTF-8, and no text."""
    file.write_bytes(b"\xff\xfe\x00" + chance.randbytes(50))


def folder(file: Path, chance: Random) -> None:
    """A folder in its place."""
    file.unlink()
    file.mkdir()


def pipe(file: Path, chance: Random) -> None:
    """A pipe, of which nothing ever comes."""
    file.unlink()
    os.mkfifo(file)


def circle(file: Path, chance: Random) -> None:
    """A link that leads to itself."""
    file.unlink()
    file.symlink_to(file.name)


def deep(file: Path, chance: Random) -> None:
    """JSON that nests deeper than Python recurses."""
    file.write_bytes(b"[" * DEEP + b"]" * DEEP)


def other_value(file: Path, chance: Random) -> None:
    """JSON in which one value, anywhere, is another."""
    value = [json.loads(file.read_bytes())]
    holder, place = chance.choice(list(_places(value)))
    holder[place] = chance.choice(ODD)
    file.write_text(json.dumps(value[0]), encoding="utf-8")


def fewer(file: Path, chance: Random) -> None:
    """JSON that lacks a key or an entry, or has another one."""
    value = [json.loads(file.read_bytes())]
    said = [p for p in _places(value) if p[0] is not value]
    holder, place = chance.choice(said or [(value, 0)])
    other = holder.pop(place)
    if isinstance(holder, dict) and chance.random() < 0.5:
        holder["other"] = other
    file.write_text(json.dumps(value[0] if value else None), encoding="utf-8")


def _places(value: object) -> Iterator[tuple[dict | list, object]]:  # type: ignore[type-arg]  # of JSON
    for place, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, place  # type: ignore[misc]
        yield from _places(part)


def odd_line(file: Path, chance: Random) -> None:
    """Lines of JSON of which one has another value."""
    lines = file.read_bytes().splitlines()
    which = chance.randrange(len(lines))
    one = file.with_name("one")
    one.write_bytes(lines[which])
    chance.choice((other_value, fewer, deep, noise))(one, chance)
    lines[which] = one.read_bytes()
    one.unlink()
    file.write_bytes(b"\n".join(lines) + b"\n")


def other_array(file: Path, chance: Random) -> None:
    """Arrays of which one has another shape, type or value, is missing, or is of objects."""
    with np.load(file) as found:
        arrays: Arrays = dict(found)
    name = chance.choice(sorted(arrays))
    arrays[name] = chance.choice(HARMS)(arrays[name])
    if chance.random() < 0.1:
        del arrays[name]
    np.savez(file, **arrays)  # type: ignore[arg-type]


HARMS: tuple[Callable[[NDArray[np.generic]], NDArray[np.generic]], ...] = (
    lambda a: a[None],
    lambda a: a.ravel()[:-1],
    lambda a: np.zeros((0, *a.shape)),
    lambda a: np.full(a.shape, np.nan),
    lambda a: np.full(a.shape, 7.0),
    lambda a: np.full(a.shape, b"\xff"),
    lambda a: np.full(a.shape, "x"),
    lambda a: np.full(a.shape, {"an": "object"}, dtype=object),
    lambda a: a.astype("complex128") if a.dtype.kind in "iufb" else a[:0],
    lambda a: np.full(a.shape, -(2**40)),
)


def bomb(file: Path, chance: Random) -> None:
    """A small file that comes to gigabytes."""
    with np.load(file) as found:
        name = chance.choice(sorted(found.files))
    with ZipFile(file, "w", ZIP_DEFLATED) as packed, packed.open(f"{name}.npy", "w", force_zip64=True) as entry:
        entry.write(_header("<f8", (2**27,)))
        for _ in range(64):
            entry.write(bytes(1 << 20))


def huge(file: Path, chance: Random) -> None:
    """An array that claims more values than there are bytes anywhere, or as many of no bytes at all."""
    with ZipFile(file, "w") as packed:
        packed.writestr("schema.npy", _header("<i8", ()) + struct.pack("<q", 1))
        for name in ("logp", "prompts", "words"):
            packed.writestr(f"{name}.npy", chance.choice((_header("<f8", (2**60,)), _header("|S0", (2**40,)), _header("<f8", (-1, 3)))))


def _header(kind: str, shape: tuple[int, ...]) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": kind, "fortran_order": False, "shape": shape})
    return out.getvalue()


def other_weights(file: Path, chance: Random) -> None:
    """Weights of another shape or type, that are not finite, of another name, or under a header that lies."""
    data = file.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    head = json.loads(data[8 : 8 + size])
    name = chance.choice([n for n in head if n != "__metadata__"])
    match chance.randrange(6):
        case 0:
            head[name]["shape"] = [1, *head[name]["shape"][::-1]]
        case 1:
            head[name]["dtype"] = chance.choice(("I32", "F64", "BOOL", "?"))
        case 2:
            head["other"] = head.pop(name)
        case 3:
            head[name]["data_offsets"] = [0, 2**50]
        case 4:
            data = data[: 8 + size] + b"\xff" * (len(data) - 8 - size)
        case _:
            data = struct.pack("<Q", 2**62) + data[8:]
            file.write_bytes(data)
            return
    new = json.dumps(head).encode()
    file.write_bytes(struct.pack("<Q", len(new)) + new + data[8 + size :])


def other_checkpoint(file: Path, chance: Random) -> None:
    """A checkpoint of other weights, moments, settings or numbers."""
    kept = torch.load(file, weights_only=True)
    moments = kept["optimizer"]["state"]
    match chance.randrange(8):
        case 0:
            moments[101] = moments.pop(0, {})
        case 1:
            moments.get(0, {})["exp_avg"] = torch.zeros(3)
        case 2:
            del kept["optimizer"]["param_groups"][0]["betas"]
        case 3:
            kept["iteration"] = chance.choice((-1, 10**9, "x", None, 1.5))
        case 4:
            kept["written"] = chance.choice((-1, 10**9, "x"))
        case 5:
            kept["ledger"] = chance.choice(({}, [], {"updates": "x"}))
        case 6:
            next(iter(kept["model"].values())).fill_(float("nan"))
        case _:
            kept = chance.choice(([], {}, {"model": {}}, torch.zeros(2)))
    torch.save(kept, file)


Harm = Callable[[Path, Random], None]
PLACES: Mapping[str, Harm] = {"no plain file: folder": folder, "no plain file: pipe": pipe, "no plain file: link to itself": circle}
TEXT: Mapping[str, Harm] = {"JSON: other value": other_value, "JSON: fewer": fewer, "JSON: deep": deep}
EVERY: Mapping[str, Harm] = {"bytes: none": nothing, "bytes: cut off": cut, "bytes: noise": noise, **PLACES}
WAYS: Mapping[str, Mapping[str, Harm]] = {
    ".json": {**EVERY, **TEXT},
    ".jsonl": {**EVERY, "lines: odd": odd_line},
    ".npz": {**EVERY, "arrays: other": other_array, "arrays: bomb": bomb, "arrays: huge": huge},
    ".safetensors": {**EVERY, "weights: other": other_weights},
    ".pt": {"checkpoint: other": other_checkpoint, "bytes: noise": noise},
}
