"""The wire: JSON objects over a socket, to and from a process that may send anything at all.

A frame is a length (8 bytes, big endian) and one JSON object of that many bytes. Its size and the number of values in
it are bounded before they take memory; an object with two equal keys, or a number that is not finite, is refused.
"""

import json
import math
import socket
import time
from typing import Any

from tipslib.grading.codec import DATA, VALUES, CodecError, short

MESSAGE = 2 * DATA  # bytes of one frame: DATA in base64, and room for the rest
STRUCTURE = 10 * VALUES  # commas and brackets in one frame: bounds what parsing it allocates


def send(sock: socket.socket, message: dict[str, Any], deadline: float | None = None) -> None:
    """Write one frame. ``deadline`` is a time of ``time.monotonic()``; the socket keeps the timeout that it implies.

    Raises: TimeoutError past the deadline, EOFError when the other side is gone, CodecError when it is too large.
    """
    data = json.dumps(message, allow_nan=False, separators=(",", ":")).encode("ascii")
    _check_frame(len(data), data)
    sock.settimeout(_left(deadline))
    try:
        sock.sendall(len(data).to_bytes(8, "big") + data)
    except ConnectionError as error:
        raise EOFError("the other side has closed the connection") from error


def receive(sock: socket.socket, deadline: float | None) -> dict[str, Any]:
    """Read one frame. After any exception the connection is of no more use: what follows may be half a frame.

    Raises: TimeoutError past the deadline, EOFError when the other side is gone, CodecError when it is not a message.
    """
    size = int.from_bytes(_read(sock, 8, deadline), "big")
    _check_frame(size)
    data = _read(sock, size, deadline)
    _check_frame(size, data)
    try:
        message = json.loads(
            data.decode("utf-8"), object_pairs_hook=_object, parse_float=_json_float, parse_constant=_json_float
        )
    except (RecursionError, MemoryError):
        raise CodecError("cannot read the message: too many brackets inside each other, or too large") from None
    except ValueError as error:
        raise CodecError(f"cannot read the message: {str(error)[:200]}") from None
    if type(message) is not dict:
        raise CodecError(f"cannot read the message: {short(message)} instead of an object")
    return message


def _check_frame(size: int, data: bytes | bytearray = b"") -> None:
    if size > MESSAGE:
        raise CodecError(f"a message of {size} bytes, more than {MESSAGE}; send less in one call")
    if sum(map(data.count, (b",", b"[", b"{"))) > STRUCTURE:
        raise CodecError(f"a message with more than {STRUCTURE} commas and brackets; put numbers into one NumPy array")


def _left(deadline: float | None) -> float | None:
    if deadline is not None and (deadline := deadline - time.monotonic()) <= 0:
        raise TimeoutError("no complete message before the deadline")
    return deadline


def _read(sock: socket.socket, count: int, deadline: float | None) -> bytearray:
    data = bytearray()
    while len(data) < count:  # grows as bytes arrive, never by what a length merely promises
        sock.settimeout(_left(deadline))
        try:
            chunk = sock.recv(min(count - len(data), 2**20))
        except ConnectionError:
            chunk = b""
        if not chunk:
            raise EOFError("the other side has closed the connection")
        data += chunk
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise CodecError("cannot read the message: an object with two equal keys")
    return dict(pairs)


def _json_float(text: str) -> float:
    number = float(text) if len(text) <= 40 else math.nan  # a float's repr is shorter; parsing could take long
    if not math.isfinite(number):
        raise CodecError(f"cannot read the message: the number {text[:40]} is not finite or too long")
    return number
