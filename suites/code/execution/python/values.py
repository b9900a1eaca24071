"""What the two processes tell each other: plain values by copy, everything else by a number that its owner knows.

The process that holds the tests builds every value anew from plain data, with the classes of its own interpreter. So what is
compared in a test was never an object of the program: an `__eq__` that always says yes is not there any more.
"""
import sys

sys.path[:] = [folder for folder in sys.path if folder]

import builtins
import json
import os
import struct

FRAME_BYTES_MAX = 64 * 1024 * 1024
PLAIN_TYPES = {t.__name__: t for t in (int, float, complex, str, bytes, bool, list, tuple, dict, set, frozenset, type(None))}


class ProtocolError(Exception):
    """The program's process said what nobody can understand: somebody has changed it."""


class TooLarge(Exception):
    """The program gave a value that no test waits for."""


class CannotGive(BaseException):
    """The tests give the program a value that does not pass between the two: nobody can judge the program then."""


class Closed(Exception):
    """The other process has ended."""


def encode(value, owner):
    """JSON for a value. `owner.name_of` gives what is no plain value a name."""
    kind = type(value)
    if value is None or kind is bool or kind is float or kind is str:
        return value
    if isinstance(value, int):
        number = int(value)
        return number if -(2**1000) < number < 2**1000 else ["int", "%x" % number]
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return "".join(value)
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    if isinstance(value, (bytes, bytearray)):
        return ["bytes" if isinstance(value, bytes) else "bytearray", value.hex()]
    if isinstance(value, dict):
        return ["dict", [[encode(key, owner), encode(value[key], owner)] for key in value]]
    for name, of in (("list", list), ("tuple", tuple), ("set", set), ("frozenset", frozenset)):
        if isinstance(value, of):
            return [name, [encode(item, owner) for item in value]]
    if kind is range:
        return ["range", value.start, value.stop, value.step]
    return encode_rarer(value, kind, owner)


def encode_rarer(value, kind, owner):
    module = getattr(kind, "__module__", None)
    if module == "numpy" and callable(getattr(value, "item", None)) and getattr(value, "shape", None) == ():
        return encode(value.item(), owner)
    if module == "decimal" and kind.__name__ == "Decimal":
        return ["decimal", str(value)]
    if module == "fractions" and kind.__name__ == "Fraction":
        return ["fraction", encode(value.numerator, owner), encode(value.denominator, owner)]
    if module == "collections" and kind.__name__ == "deque":
        return ["deque", [encode(item, owner) for item in value]]
    if module == "datetime":
        return encode_time(value, kind.__name__, owner)
    if kind is type and value in PLAIN_TYPES.values():
        return ["type", value.__name__]
    return owner.name_of(value)


def encode_time(value, name, owner):
    """Without a time zone, or with one that is an offset; others are known to their owner only."""
    zone = getattr(value, "tzinfo", None)
    if zone is not None and type(zone).__name__ != "timezone":
        return owner.name_of(value)
    offset = None if zone is None else zone.utcoffset(None).total_seconds()
    if name == "date":
        return ["date", value.year, value.month, value.day]
    if name == "timedelta":
        return ["timedelta", value.days, value.seconds, value.microseconds]
    if name == "time":
        return ["time", value.hour, value.minute, value.second, value.microsecond, offset, value.fold]
    if name == "datetime":
        day = [value.year, value.month, value.day]
        return ["datetime"] + day + [value.hour, value.minute, value.second, value.microsecond, offset, value.fold]
    return owner.name_of(value)


def decode(data, owner):
    if data is None or isinstance(data, (bool, int, float, str)):
        return data
    if not isinstance(data, list) or not data or not isinstance(data[0], str):
        raise ProtocolError("a value has no known form")
    tag, rest = data[0], data[1:]
    try:
        return DECODERS[tag](rest, owner) if tag in DECODERS else owner.named(tag, rest)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError) as error:
        raise ProtocolError("a value of form %s is not whole: %s" % (tag, error)) from None


def items(rest, owner):
    return [decode(item, owner) for item in rest[0]]


def decimal_of(rest, owner):
    from decimal import Decimal

    return Decimal(str(rest[0]))


def fraction_of(rest, owner):
    from fractions import Fraction

    return Fraction(decode(rest[0], owner), decode(rest[1], owner))


def deque_of(rest, owner):
    from collections import deque

    return deque(items(rest, owner))


def of_datetime(name):
    def build(rest, owner):
        import datetime

        kind = getattr(datetime, name)
        if name in ("date", "timedelta"):
            return kind(*rest)
        numbers, offset, fold = rest[:-2], rest[-2], rest[-1]
        zone = None if offset is None else datetime.timezone(datetime.timedelta(seconds=offset))
        return kind(*numbers, tzinfo=zone, fold=fold)

    return build


DECODERS = {
    "int": lambda rest, owner: int(str(rest[0]), 16),
    "complex": lambda rest, owner: complex(rest[0], rest[1]),
    "bytes": lambda rest, owner: bytes.fromhex(rest[0]),
    "bytearray": lambda rest, owner: bytearray.fromhex(rest[0]),
    "dict": lambda rest, owner: {decode(pair[0], owner): decode(pair[1], owner) for pair in rest[0]},
    "list": items,
    "tuple": lambda rest, owner: tuple(items(rest, owner)),
    "set": lambda rest, owner: set(items(rest, owner)),
    "frozenset": lambda rest, owner: frozenset(items(rest, owner)),
    "range": lambda rest, owner: range(*rest[:3]),
    "decimal": decimal_of,
    "fraction": fraction_of,
    "deque": deque_of,
    **{name: of_datetime(name) for name in ("date", "datetime", "time", "timedelta")},
    "type": lambda rest, owner: PLAIN_TYPES[rest[0]],
}


def send_frame(descriptor, message):
    text = json.dumps(message).encode()
    data = struct.pack(">I", len(text)) + text
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except (BrokenPipeError, ConnectionResetError):
            raise Closed() from None


def read_exactly(descriptor, count, wait):
    parts = []
    while count:
        wait(descriptor)
        try:
            part = os.read(descriptor, min(count, 1 << 20))
        except ConnectionResetError:
            part = b""
        if not part:
            raise Closed()
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def receive_frame(descriptor, wait=lambda descriptor: None):
    (count,) = struct.unpack(">I", read_exactly(descriptor, 4, wait))
    if count > FRAME_BYTES_MAX:
        raise TooLarge("a value of %d bytes" % count)
    try:
        message = json.loads(read_exactly(descriptor, count, wait))
    except (ValueError, RecursionError):
        raise ProtocolError("a message is no JSON") from None
    if not isinstance(message, list) or not message or not isinstance(message[0], str):
        raise ProtocolError("a message has no known form")
    return message
