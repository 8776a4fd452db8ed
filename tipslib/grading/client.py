"""The grader's end of a student's kernel: lets through what a well-behaved kernel says, and no more than fits.

Student code knows the key of its kernel's messages and can send anything at all. nbclient believes what arrives, so
everything is looked at here first. What is not a sound message is dropped, as if it had never been sent.
"""

import asyncio
import json
import time
from collections import Counter
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from traitlets import Type

OUTPUT = 20_000_000  # characters that a notebook may print and draw
EVALUE = 10_000  # of them, of an error that has not been shown
EACH = 200  # for how many characters each output counts, so that many small ones are bounded as well
MESSAGE = 128 * 2**20  # bytes of one message; libzmq hangs up on a larger one before it takes memory
QUEUE = 20  # messages that wait to be read; a kernel that goes on loses some
RESERVED = ("DeadKernelError", "OutputLimit")  # names of errors that only the grader gives


class _Checked(AsyncZMQSocketChannel):
    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]
        """The next sound message. Raises: queue.Empty when there is none in ``timeout`` seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            # A flood of messages must not keep the event loop from its timers.
            await asyncio.sleep(0)
            message = await super().get_msg(None if end is None else max(0.0, end - time.monotonic()))
            content = self.sound(message) if message else None
            if content is not None:
                return message | {"content": content}

    async def _recv(self, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        """One message, empty if that is none."""
        parts = await self.socket.recv_multipart(**kwargs)
        try:
            message = self.session.deserialize(self.session.feed_identities(parts)[1])
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError):
            return {}
        return message if all(isinstance(message[part], dict) for part in ("parent_header", "content")) else {}

    def sound(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """The content, cut down to what belongs there; None if something is missing or of a wrong type."""
        raise NotImplementedError


class Replies(_Checked):
    """Answers to requests. One about a cell waits until its outputs have been read, however many these are."""

    outputs: "Outputs"

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]
        end = None if timeout is None else time.monotonic() + timeout
        message = await super().get_msg(timeout)
        if message["msg_type"] == "execute_reply":
            # nbclient itself allows four seconds from here on, and takes the kernel for dead afterwards.
            while message["parent_header"].get("msg_id") not in self.outputs.complete:
                if end is not None and time.monotonic() > end:
                    raise Empty
                await asyncio.sleep(0.001)
        return message

    def sound(self, message: dict[str, Any]) -> dict[str, Any] | None:
        match message["msg_type"], message["content"]:
            case "kernel_info_reply", content:
                return content  # before any student code has run
            case "execute_reply", {"status": "ok" | "aborted" as status}:
                return {"status": status}
            case "execute_reply", {"status": "error", "ename": str(ename), "evalue": str(evalue)}:
                return {"status": "error", "ename": _theirs(ename), "evalue": evalue[:EVALUE], "traceback": []}
        return None


class Outputs(_Checked):
    """What the kernel shows. Widgets have no state here: there is nobody to use them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.room = OUTPUT
        self.displays: Counter[str] = Counter()  # how many outputs an update of this name changes
        self.muted: set[str] = set()  # requests whose outputs nobody wants
        self.complete: set[str] = set()  # requests whose outputs have all been read

    def sound(self, message: dict[str, Any]) -> dict[str, Any] | None:
        kind, request = message["msg_type"], message["parent_header"].get("msg_id")
        if kind == "iopub_welcome":
            return {}
        content = _sound_output(kind, message["content"])
        try:
            # As it will be written into the notebook: halves of emoji and NaN could not be.
            size = len(json.dumps(content, ensure_ascii=False, allow_nan=False).encode())
        except (ValueError, RecursionError):
            return None
        if content == {"execution_state": "idle"} and isinstance(request, str):
            self.complete.add(request)
        if content is None or kind in ("status", "execute_input", "clear_output"):
            return content
        if request in self.muted:
            return None
        name, copies = content.get("transient", {}).get("display_id"), 1
        if kind == "update_display_data":
            copies = self.displays[name]
        elif name is not None:
            self.displays[name] += 1
        had, self.room = self.room, self.room - copies * (EACH + size)
        if self.room >= 0:
            return content
        if had < 0:
            return None
        text = f"More than {OUTPUT:,} characters of output: the rest was cut off."
        message["msg_type"] = message["header"]["msg_type"] = "error"
        return {"ename": "OutputLimit", "evalue": text, "traceback": [text]}


def _sound_output(kind: str, content: dict[str, Any]) -> dict[str, Any] | None:
    match kind, content:
        case "status", {"execution_state": "busy" | "idle" | "starting" as state}:
            return {"execution_state": state}
        case "execute_input", {"execution_count": int(count)} if count >= 0:
            return {"execution_count": count}
        case "clear_output", _:
            return {"wait": bool(content.get("wait"))}
        case "stream", {"name": "stdout" | "stderr" as name, "text": str(text)}:
            return {"name": name, "text": text}
        case "error", {"ename": str(ename), "evalue": str(evalue), "traceback": list(lines)} if _texts(lines):
            return {"ename": _theirs(ename), "evalue": evalue, "traceback": lines}
        case (
            "display_data" | "update_display_data" | "execute_result",
            {"data": dict(data), "metadata": dict(metadata)},
        ) if all(isinstance(value, str) or _is_json(key) or _texts(value) for key, value in data.items()):
            result: dict[str, Any] = {"data": data, "metadata": metadata}
            if kind == "execute_result":
                number = content.get("execution_count")
                result["execution_count"] = number if isinstance(number, int) and number >= 0 else 0
            transient = content.get("transient")
            name = transient.get("display_id") if isinstance(transient, dict) else None
            if isinstance(name, str):
                result["transient"] = {"display_id": name}
            return result if name is not None or kind != "update_display_data" else None
    return None


def _theirs(ename: str) -> str:
    return f"{ename} of the notebook" if ename in RESERVED else ename


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(line, str) for line in value)


def _is_json(mime: str) -> bool:
    return mime == "application/json" or (mime.startswith("application/") and mime.endswith("+json"))


class WarmClient(AsyncKernelClient):
    """A client that is on its guard; and it asks once and goes on: jupyter_client's own waits for 0.2 s of silence."""

    shell_channel_class = Type(Replies)  # type: ignore[assignment]
    iopub_channel_class = Type(Outputs)  # type: ignore[assignment]

    def _create_connected_socket(self, channel: str, identity: bytes | None = None) -> Any:
        # Options of the context are those of its new sockets; on a connected one they come too late.
        self.context.setsockopt(zmq.MAXMSGSIZE, MESSAGE)
        self.context.setsockopt(zmq.RCVHWM, QUEUE)
        return super()._create_connected_socket(channel, identity)

    def execute(  # type: ignore[override]
        self, code: str, silent: bool = False, store_history: bool = True, **kwargs: Any
    ) -> str:
        """As jupyter_client's; what is not for the history is the grader's own, and its outputs are dropped."""
        request = super().execute(code, silent, store_history, **kwargs)
        if not store_history:
            self.iopub_channel.muted.add(request)
        return request

    def start_channels(self, *args: Any, **kwargs: Any) -> None:
        """As jupyter_client's; answers come after the outputs."""
        super().start_channels(*args, **kwargs)
        self.shell_channel.outputs = self.iopub_channel

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers and hears that somebody listens to its outputs."""
        # It answers the shell only after its sockets are bound, and greets each subscriber of its outputs.
        self.kernel_info()
        reply = await self.get_shell_msg(timeout=timeout)
        self._handle_kernel_info_reply(reply)
        while (await self.get_iopub_msg(timeout=timeout))["msg_type"] not in ("iopub_welcome", "status"):
            pass
