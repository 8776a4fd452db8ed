"""Codec: plain Python values as JSON text and back, between the checks and a student's process.

Both sides use one class, and neither has to trust the other: decoding builds values by hand from the closed list
below. Nothing is imported, evaluated, unpickled or looked up by a name that came in a message, and sizes are
checked before memory is taken. What is not plain stays at home; the other side gets its number (N).

Protocol (frames: see wire.py): a value is a tree, which any JSON parser keeps exact:

    null, true, false, "x"      None, bool; str of at most 1000 characters
    5                           int, at most 2**53 in size
    ["int", "-1f..."]           larger int, hexadecimal
    ["float", "0.1"]            float, its repr (also nan, inf, -inf, -0.0); ["complex", "0.1", "2.0"]
    ["text", B]                 longer str, or one with lone surrogates; B is base64, here of UTF-8
    ["bytes", B]                bytes
    ["list", tree, ...]         list; likewise "tuple", "set", "frozenset"
    ["dict", key, value, ...]   dict in its order
    ["slice", a, b, c]          slice of three trees; "range" of three ints
    ["ellipsis"]                Ellipsis
    ["scalar", D, B]            NumPy scalar; D is its dtype: b1, i1..i8, u1..u8, f2, f4, f8, c8, c16
    ["array", D, [2, 3], B]     NumPy array, also of D = U7, S7; B: little endian, C order; "tensor": the same for torch
    ["generator", X, X, h, u, s]  np.random.Generator on PCG64: state, inc (hexadecimal), has_uint32, uinteger; what
                                it spawns from: null or the tuple of its seed's entropy, spawn key, number of children
    ["named", N, tree, ...]     an instance of a subclass of tuple: its items, and a number to send it back by
    ["record", N, key, value, ...]  likewise for a class made from dict
    ["callable", N, name]       a callable; calling what arrives calls back
    ["handle", N, name]         anything else, with the name of its type
    ["yours", N]                the receiver's own object number N

Subclasses of int, float, str, list, set ... arrive as their base type, and so do the standard library's of dict.
Whatever is not exactly one of these forms is refused, also a number written in another way (1.50, 0x1F).
"""

import binascii
import itertools
import math
import re
import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np

DEPTH = 64  # containers in containers: far below Python's own recursion limit, whatever called us
VALUES = 200_000  # values in one message: some 20 MB as Python objects; more numbers than that belong in an array
DATA = 64 * 2**20  # bytes of arrays and texts in one message: a data set fits, a machine's memory does not
TEXT = 16 * 2**20  # bytes of one bytes, or of one str in UTF-8: longer than any answer, and quick to handle
KEPT = 100_000  # objects that one side keeps for the other: they live until the process ends
INT_BITS = 4096  # arithmetic with larger ints takes noticeable time
SAME_HASH = 1000  # keys that share a hash: looking them up takes the square of their number
EXACT = 2**53  # JSON integers up to here are exact in every parser
SHORT, NAME = 1000, 80  # characters of a str sent as it is, and of a name

_BASES: tuple[Any, ...] = (int, float, str, list, tuple, dict, complex, bytes, set, frozenset)
_DTYPE = re.compile("b1|[iu][1248]|f[248]|c8|c16|[US][1-9][0-9]{0,8}")
# By id: looking up a class itself would run the __hash__ and __eq__ of its metaclass, which may be the student's.
_SCALARS = {id(np.dtype(char).type) for char in "?bBhHiIlLqQefdFD"}
_SURROGATE = re.compile("[\ud800-\udfff]")  # two of these in JSON would arrive as one character
_UNITS = {"b": ("u1", 1), "U": ("<u4", sys.maxunicode)}  # dtypes not all of whose bytes are values: unit, largest
_SIDES = itertools.count()
_class_name = type.__dict__["__name__"].__get__  # a metaclass can override cls.__name__, not this


class CodecError(Exception):
    """A value that cannot be sent, or a message that is not in the protocol; says what and where."""


class Handle:
    """An inert stand-in for an object that stays on the other side. It can be held, compared and sent back."""

    __slots__ = ("_name", "_number", "_place", "_side")

    def __init__(self, number: int, name: str, place: str, side: int) -> None:
        self._number, self._name, self._place, self._side = number, name, place, side

    def __repr__(self) -> str:
        return f"<a {self._name} kept in {self._place}>"


class Kept(tuple):
    """A tuple whose original stays on the other side. Copies keep the number, so they too stand for the original."""

    _number: int
    _side: int


class KeptDict(dict):
    """The same for a dict: a student's class made from dict can have methods, which only the original has."""

    _number: int
    _side: int


_DICTS = {id(kind) for kind in (dict, OrderedDict, defaultdict, Counter, KeptDict)}


class _Walk:
    """One pass over one value: where it is, and what it has used of the limits."""

    def __init__(self, doing: str) -> None:
        self.doing, self.path, self.values, self.data = doing, list[int](), 0, 0

    def error(self, why: str) -> CodecError:
        steps = "".join(f"[{i}]" for i in self.path[:8]) + "[...]" * (len(self.path) > 8)
        return CodecError(f"cannot {self.doing} value{steps}: {why}")

    def each(self, step: Callable[[Any, "_Walk"], Any], items: list[Any]) -> list[Any]:
        """``step`` of every item; for a dict these are key, value, key, value ..."""
        self.values += len(items)
        if self.values > VALUES:
            raise self.error(f"more than {VALUES} values in one message; put numbers into one NumPy array")
        if len(self.path) >= DEPTH:
            raise self.error(f"over {DEPTH} containers inside each other; does one contain itself? Use flatter data")
        done = []
        for i, item in enumerate(items):
            self.path.append(i)
            done.append(step(item, self))
            self.path.pop()
        return done

    def use(self, size: int, limit: int = DATA) -> None:
        """Count ``size`` bytes of an array or text that may have ``limit``."""
        self.data += size
        if size > limit or self.data > DATA:
            raise self.error(f"{size} bytes; at most {limit} here and {DATA} in one message, so send less in one call")


class Codec:
    """One side of a conversation: its own objects that the other side knows by number, and the other's that it knows.

    ``call(number, args, kwargs)`` runs when somebody calls a decoded foreign callable; its result is the call's.
    ``peer`` says where the other side's objects are, for the repr of a ``Handle``.
    """

    def __init__(self, call: Callable[[int, list, dict], object], peer: str = "the student's notebook") -> None:
        self._call, self._peer, self._side = call, peer, next(_SIDES)
        self._own: list[object] = []  # by number; held for good, so that no id below is ever used twice
        self._numbers: dict[int, int] = {}  # id of an own object: its number
        self._foreign: dict[int, Handle | FunctionType] = {}  # by the other side's number
        self._functions: dict[int, int] = {}  # id of a function in _foreign: its number

    def encode(self, value: object) -> Any:
        """``value`` as a tree for ``json.dumps``. Raises: CodecError when it is beyond a limit."""
        return self._encode(value, _Walk("send"))

    def decode(self, tree: Any) -> Any:
        """The value of a tree that came out of ``json.loads``. Raises: CodecError when it is not in the protocol."""
        return self._decode(tree, _Walk("read"))

    def kept(self, number: object) -> Any:
        """The own object that the other side calls ``number``. Raises: CodecError when it was never given that one."""
        if type(number) is not int or not 0 <= number < len(self._own):
            raise CodecError(f"cannot read value: {short(number)} is not the number of an object given away")
        return self._own[number]

    def _encode(self, value: Any, walk: _Walk) -> Any:
        # The value may be hostile. Only its real type is asked (never __class__), and only the methods of built-in
        # types are used on it (never its own).
        kind = type(value)
        if value is None or kind is bool:
            return value
        if (kind is Handle or kind is Kept or kind is KeptDict) and value._side == self._side:
            return ["yours", value._number]
        if kind is FunctionType and id(value) in self._functions:
            return ["yours", self._functions[id(value)]]
        if id(kind) in _SCALARS:
            code, _, data = _array_fields(np.asarray(value), walk)
            return ["scalar", code, data]
        for base in _BASES:
            if issubclass(kind, base):
                return self._encode_builtin(value, base, walk)
        if value is ...:
            return ["ellipsis"]
        if kind is slice or kind is range:
            return [kind.__name__, *walk.each(self._encode, [value.start, value.stop, value.step])]
        if kind is np.ndarray and _code(value.dtype):
            return ["array", *_array_fields(value, walk)]
        if kind is np.random.Generator and type(value.bit_generator) is np.random.PCG64:
            state = value.bit_generator.state
            numbers = state["state"]
            rest = [state["has_uint32"], state["uinteger"], self._encode_seed(value.bit_generator.seed_seq, walk)]
            return ["generator", f"{numbers['state']:x}", f"{numbers['inc']:x}", *rest]
        tensor = _tensor_as_array(value)
        if tensor is not None:
            return ["tensor", *_array_fields(tensor, walk)]
        return ["callable" if callable(value) else "handle", self._keep(value, walk), _name(value)]

    def _encode_seed(self, seed: Any, walk: _Walk) -> Any:
        if type(seed) is not np.random.SeedSequence or seed.pool_size != 4:
            return None
        entropy = seed.entropy if type(seed.entropy) is int else [int(n) for n in np.asarray(seed.entropy).ravel()]
        return self._encode((entropy, seed.spawn_key, seed.n_children_spawned), walk)

    def _encode_builtin(self, value: Any, base: Any, walk: _Walk) -> Any:
        if base is int:
            number = int.__index__(value)
            if number.bit_length() > INT_BITS:
                raise walk.error(f"an int of {number.bit_length()} bits; at most {INT_BITS}, so use a float or a str")
            return number if abs(number) <= EXACT else ["int", f"{number:x}"]
        if base is float:
            return ["float", float.__repr__(value)]
        if base is complex:
            return ["complex", *(repr(complex.__dict__[part].__get__(value)) for part in ("real", "imag"))]
        if base is str:
            text = str.__str__(value)
            data = text.encode("utf-8", "surrogatepass")
            walk.use(len(data), TEXT)
            return text if len(text) <= SHORT and not _SURROGATE.search(text) else ["text", _base64(data)]
        if base is bytes:
            walk.use(bytes.__len__(value), TEXT)
            return ["bytes", _base64(bytes.__getitem__(value, slice(None)))]
        if base is dict:
            pairs = (OrderedDict if type(value) is OrderedDict else dict).items(value)  # it keeps an order of its own
            flat = walk.each(self._encode, list(itertools.chain.from_iterable(pairs)))
            return ["dict", *flat] if id(type(value)) in _DICTS else ["record", self._keep(value, walk), *flat]
        items = walk.each(self._encode, list(base.__iter__(value)))
        if base is tuple and type(value) is not tuple:
            return ["named", self._keep(value, walk), *items]
        return [base.__name__, *items]

    def _keep(self, value: object, walk: _Walk) -> int:
        number = self._numbers.get(id(value))
        if number is None:
            if len(self._own) >= KEPT:
                raise walk.error(f"more than {KEPT} objects that are not plain data; make them once and use them again")
            number = self._numbers[id(value)] = len(self._own)
            self._own.append(value)
        return number

    def _decode(self, tree: Any, walk: _Walk) -> Any:
        kind = type(tree)
        if tree is None or kind is bool or (kind is int and abs(tree) <= EXACT):
            return tree
        if kind is str and len(tree) <= SHORT:
            walk.use(len(tree))
            return tree
        if kind is list:
            match tree:
                case ["float", str(text)]:
                    return _float(text, walk)
                case ["list", *items]:
                    return walk.each(self._decode, items)
                case ["tuple", *items]:
                    return tuple(walk.each(self._decode, items))
                case ["dict", *items] if len(items) % 2 == 0:
                    flat = walk.each(self._decode, items)
                    return dict(zip(_distinct(flat[::2], walk), flat[1::2], strict=True))
                case ["array", str(code), list(shape), str(data)]:
                    return _array(code, shape, data, walk)
                case ["scalar", str(code), str(data)] if code[:1] not in "US":
                    return _array(code, [], data, walk)[()]
                case ["tensor", str(code), list(shape), str(data)] if code[:1] not in "US":
                    if "torch" not in sys.modules:
                        raise walk.error("a torch tensor, but torch is not imported here; return a NumPy array")
                    return sys.modules["torch"].from_numpy(_array(code, shape, data, walk))
                case ["int", str(text)]:
                    number = _hexadecimal(text, walk)
                    if abs(number) > EXACT and number.bit_length() <= INT_BITS:
                        return number
                case ["complex", str(real), str(imag)]:
                    return complex(_float(real, walk), _float(imag, walk))
                case ["text", str(data)]:
                    try:
                        return _bytes(data, walk).decode("utf-8", "surrogatepass")
                    except UnicodeDecodeError as error:
                        raise walk.error("a text that is not UTF-8") from error
                case ["bytes", str(data)]:
                    return _bytes(data, walk)
                case [("set" | "frozenset") as tag, *items]:
                    members = _distinct(walk.each(self._decode, items), walk)
                    return set(members) if tag == "set" else frozenset(members)
                case ["ellipsis"]:
                    return ...
                case ["slice", _, _, _]:
                    return slice(*walk.each(self._decode, tree[1:]))
                case ["range", _, _, _]:
                    ends = walk.each(self._decode, tree[1:])
                    if all(type(end) is int for end in ends) and ends[2] != 0:
                        return range(*ends)
                case ["generator", str(state), str(inc), half, bits, seed]:
                    sequence = _seed(self._decode(seed, walk), walk)
                    return _generator(_hexadecimal(state, walk), _hexadecimal(inc, walk), half, bits, sequence, walk)
                case [("named" | "record") as tag, int(number), *items] if tag == "named" or len(items) % 2 == 0:
                    flat = walk.each(self._decode, items)
                    if tag == "named":
                        kept: Kept | KeptDict = Kept(flat)
                    else:
                        kept = KeptDict(zip(_distinct(flat[::2], walk), flat[1::2], strict=True))
                    kept._number, kept._side = _foreign_number(number, walk), self._side
                    return kept
                case [("callable" | "handle") as tag, int(number), str(name)]:
                    return self._stand_in(_foreign_number(number, walk), name, tag, walk)
                case ["yours", number]:
                    return self.kept(number)
        raise walk.error(f"{short(tree)} is not in the protocol")

    def _stand_in(self, number: int, name: str, tag: str, walk: _Walk) -> Handle | FunctionType:
        """The stand-in for the other side's object ``number``, the same one every time."""
        if number not in self._foreign:
            known = name if len(name) <= NAME and name.isidentifier() else ""  # nothing else gets into our messages
            if tag == "callable":
                self._foreign[number] = function = self._function(number, known or "callable")
                self._functions[id(function)] = number
            else:
                self._foreign[number] = Handle(number, known or "object", self._peer, self._side)
        stand_in = self._foreign[number]
        if (type(stand_in) is Handle) != (tag == "handle"):
            raise walk.error(f"object {number} is now a {tag}, and was none before")
        return stand_in

    def _function(self, number: int, name: str) -> FunctionType:
        def foreign(*args: object, **kwargs: object) -> object:
            return self._call(number, list(args), kwargs)

        foreign.__name__ = foreign.__qualname__ = name
        return foreign  # type: ignore[return-value]


def short(tree: object) -> str:
    """What a foreign tree is, in a few words: it may be huge."""
    if type(tree) is list and tree and type(tree[0]) is str:
        return f"{tree[0][:40]!r} with {len(tree) - 1} parts like these"
    return str(tree) if type(tree) is int and abs(tree) < EXACT else f"a {type(tree).__name__} like this"


def _name(value: Any) -> str:
    """The name of a function or class, or of the type of anything else; runs no code of ``value``."""
    value = value.__func__ if type(value) is MethodType else value
    kind = type(value)
    if kind is FunctionType or kind is BuiltinFunctionType or kind is np.ufunc:
        name = value.__name__
    else:
        name = _class_name(value if issubclass(kind, type) else kind)
    return str.__str__(name)[:NAME]


def _base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def _bytes(text: str, walk: _Walk, size: int | None = None) -> bytes:
    """Base64 ``text`` as bytes: ``size`` of them, already counted; or a text's, which are counted here."""
    if size is None:
        size = len(text) // 4 * 3 - text[-2:].count("=")
        walk.use(size, TEXT)
    try:
        if len(text) == (size + 2) // 3 * 4 and len(data := binascii.a2b_base64(text, strict_mode=True)) == size:
            return data
    except ValueError:
        pass
    raise walk.error(f"{len(text)} characters that are not base64 of {size} bytes")


def _float(text: str, walk: _Walk) -> float:
    try:
        number = float(text[:32])
    except ValueError:
        number = 0.0
    if repr(number) != text:  # one form only: no spaces, underscores, other digits
        raise walk.error(f"{text[:40]!r} is not a float")
    return number


def _hexadecimal(text: str, walk: _Walk) -> int:
    try:
        number = int(text[: INT_BITS // 4 + 2], 16)
    except ValueError:
        number = 0
    if f"{number:x}" != text:
        raise walk.error(f"{text[:40]!r} is not a hexadecimal int")
    return number


def _foreign_number(number: int, walk: _Walk) -> int:
    if type(number) is not int or not 0 <= number < KEPT:
        raise walk.error(f"{short(number)} is not an object's number")
    return number


def _distinct(keys: list[Any], walk: _Walk) -> list[Any]:
    """``keys`` again, when a dict or set can hold them all."""
    try:
        crowd = max(Counter(map(hash, keys)).values(), default=0)
        count = len(set(keys)) if crowd <= SAME_HASH else 0
    except Exception as error:
        raise walk.error("a key or member that cannot be hashed") from error
    if count != len(keys):
        raise walk.error(f"equal keys or members, or more than {SAME_HASH} with one hash")
    return keys


def _code(dtype: np.dtype) -> str:
    """The protocol's name for a dtype; empty if it has none."""
    code = f"{dtype.kind}{dtype.itemsize // 4 if dtype.kind == 'U' else dtype.itemsize}"
    return code if _DTYPE.fullmatch(code) else ""


def _array_size(code: str, shape: list[int] | tuple[int, ...], walk: _Walk) -> int:
    """Bytes of an array, counted against the limits before anything is allocated."""
    width = int(code[1:]) * (4 if code[0] == "U" else 1)
    walk.use(math.prod(max(n, 1) for n in shape) * width)  # an axis of 0 does not excuse another of 10**18
    return math.prod(shape) * width


def _array_fields(array: np.ndarray, walk: _Walk) -> list[Any]:
    code = _code(array.dtype)
    _array_size(code, array.shape, walk)
    return [code, list(array.shape), _base64(array.astype("<" + code, copy=False).tobytes())]


def _array(code: str, shape: list[Any], text: str, walk: _Walk) -> np.ndarray:
    """A new, writable array of the machine's own byte order."""
    if not _DTYPE.fullmatch(code):
        raise walk.error(f"{code[:40]!r} is not a dtype of the protocol")
    if len(shape) > 64 or any(type(n) is not int or not 0 <= n <= DATA for n in shape):  # 64 axes: NumPy's limit
        raise walk.error(f"not an array's shape: {len(shape)} axes")
    data = _bytes(text, walk, _array_size(code, shape, walk))
    if code[0] in _UNITS:
        unit, largest = _UNITS[code[0]]
        if np.frombuffer(data, unit).max(initial=0) > largest:
            raise walk.error(f"bytes that are no {code}")  # NumPy itself fails on such arrays
    dtype = np.dtype("<" + code)
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _tensor_as_array(value: Any) -> np.ndarray | None:
    """The data of a torch tensor or parameter; None for anything else, or where NumPy has no such array."""
    try:
        torch = sys.modules["torch"]
        if type(value) is not torch.Tensor and type(value) is not torch.nn.Parameter:
            return None
        array = value.detach().cpu().resolve_conj().resolve_neg().numpy()
    except Exception:  # no torch here (or something else by that name), bfloat16, sparse ...: it becomes a handle
        return None
    return array if type(array) is np.ndarray and _code(array.dtype) else None


class _NoSeed(np.random.bit_generator.ISeedSequence):
    """Where a generator's seed is not known, ``spawn`` raises instead of giving other streams."""

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> np.ndarray:
        return np.zeros(n_words, dtype)


def _seed(parts: Any, walk: _Walk) -> Any:
    """What a generator spawns from."""
    match parts:
        case None:
            return _NoSeed()
        case (entropy, tuple(key), int(children)) if _naturals(key, 2**32) and _naturals([children], 2**32):
            if _naturals(entropy if isinstance(entropy, list) else [entropy], 2**INT_BITS):
                return np.random.SeedSequence(entropy, spawn_key=key, n_children_spawned=children)
    raise walk.error("not the seed of a generator")


def _naturals(numbers: Any, end: int) -> bool:
    return all(type(number) is int and 0 <= number < end for number in numbers)


def _generator(state: int, inc: int, half: int, bits: int, seed: Any, walk: _Walk) -> np.random.Generator:
    """A PCG64 generator; ``half`` says whether the 32 ``bits`` are left over from the last draw."""
    sizes = type(half) is int and type(bits) is int and half in (0, 1) and 0 <= bits < 2**32
    if not (sizes and 0 <= state < 2**128 and 0 <= inc < 2**128 and inc % 2 == 1):
        raise walk.error("not the state of a PCG64 generator")
    pcg: Any = np.random.PCG64(seed)
    numbers = {"state": state, "inc": inc}
    pcg.state = {"bit_generator": "PCG64", "state": numbers, "has_uint32": half, "uinteger": bits}
    return np.random.Generator(pcg)
