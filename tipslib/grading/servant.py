"""The student's side of a check: answers calls of the checking process (see trusted.py), from a copy of the notebook.

``snapshot`` forks the notebook's process. The copy waits, frozen in the state of this moment, until the checks begin;
that is after the notebook has run to its end. So hidden inputs never reach a process whose outputs are shown, a
function that kills its process costs one check, and no check sees what another one has left behind.

Everything in this module runs among student code, which may change all of it; trusted.py believes nothing it says.
"""

import contextlib
import io
import os
import socket
import traceback
import warnings
from collections.abc import Callable
from typing import Any

from tipslib.grading.codec import Codec, CodecError
from tipslib.grading.wire import receive, send

PRINTED = 10_000  # characters of a function's own prints that are passed on


SOCKETS: list[int] = []  # one for each test cell; given to the process at its start


def snapshot(places: list[int]) -> None:
    """Fork one frozen copy of this process for each of these places in SOCKETS, whose socket it then answers."""
    from IPython import get_ipython

    names = get_ipython().user_ns
    for fd in [SOCKETS[place] for place in places]:
        if os.fork() == 0:
            try:
                answer(socket.socket(fileno=fd), names)
            finally:
                os._exit(0)  # never back into the copied kernel
        os.close(fd)


def answer(sock: socket.socket, names: dict[str, Any]) -> None:
    """Answer requests until the other side hangs up: a name's value, or the result of a call."""

    def call_back(number: int, args: list, kwargs: dict) -> Any:
        send(sock, {"callback": number, "args": codec.encode(args), "kwargs": codec.encode(kwargs)})
        reply = receive(sock, None)
        if "raised" in reply:
            raise RuntimeError(f"the function given to you raised {reply['raised']}")
        return codec.decode(reply["value"])

    codec = Codec(call_back, peer="the check")
    while True:
        try:
            request = receive(sock, None)
        except EOFError:
            return
        if "get" in request:
            known = request["get"] in names
            send(sock, {"value": codec.encode(names[request["get"]])} if known else {"missing": True})
        else:
            send(sock, _call(codec, names, request))


def _call(codec: Codec, names: dict[str, Any], request: dict) -> dict:
    args, kwargs = codec.decode(request["args"]), codec.decode(request["kwargs"])
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        what = request["call"]
        function = names[what] if isinstance(what, str) else codec.kept(what)
        reply = _outcome(codec, lambda: function(*args, **kwargs))
    # What the function has changed in place is seen by the caller, as in one process.
    reply["args"], reply["kwargs"] = codec.encode(args), codec.encode(kwargs)
    reply["warnings"] = [[known_class(w.category), str(w.message)[:500]] for w in caught[:100]]
    reply["printed"] = printed.getvalue()[:PRINTED]
    return reply


def _outcome(codec: Codec, call: Callable[[], Any]) -> dict:
    try:
        return {"value": codec.encode(call())}
    except CodecError as error:
        return {"raised": "TypeError", "message": f"returned what cannot be checked: {error}", "line": ""}
    except BaseException as error:
        # Of the frames below here, the last one that lies in a cell of the notebook.
        lines = [frame for frame in traceback.extract_tb(error.__traceback__) if "ipykernel" in frame.filename]
        line = (lines[-1].line or "") if lines else ""
        return {"raised": known_class(type(error)), "message": str(error)[:2000], "line": line[:200]}


def known_class(kind: type) -> str:
    """The first of a class and its bases that every Python knows by name."""
    return next(base.__name__ for base in kind.__mro__ if base.__module__ in ("builtins", "numpy.linalg"))
