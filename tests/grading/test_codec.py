"""The codec between the checks and a student's process: exact round trips, and nothing else from hostile messages."""

import collections
import copy
import enum
import functools
import json
import math
import socket
import sys
import threading
import time
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tipslib.grading import codec, wire
from tipslib.grading.codec import Codec, CodecError, Handle, Kept, KeptDict
from tipslib.grading.wire import receive, send

Point = collections.namedtuple("Point", "x y")
NUMERIC = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]


class Cache:
    """An object that is not plain data."""


def no_call(number, args, kwargs):
    raise AssertionError("nothing is to be called here")


def through(sender, receiver, value):
    """What ``receiver`` gets when ``sender`` sends ``value``, JSON text between them."""
    return receiver.decode(json.loads(json.dumps(sender.encode(value), allow_nan=False)))


def trip(value):
    return through(Codec(no_call), Codec(no_call), value)


def conversation():
    """Two sides; a call of a foreign callable goes to the other one and comes back."""

    def answer(asker, answerer):
        def call(number, args, kwargs):
            args, kwargs = through(sides[asker], sides[answerer], [args, kwargs])
            return through(sides[answerer], sides[asker], sides[answerer].kept(number)(*args, **kwargs))

        return call

    sides = [Codec(answer(0, 1), "the other notebook"), Codec(answer(1, 0))]
    return sides


def same(a, b):
    """Equal, of the same types all the way down, NaN equal to NaN, 0.0 not to -0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same([*a.items()], [*b.items()])
    if isinstance(a, set | frozenset):
        return len(a) == len(b) and all(any(same(x, y) for y in b) for x in a)
    if isinstance(a, slice):
        return same((a.start, a.stop, a.step), (b.start, b.stop, b.step))
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, np.random.Generator):
        return a.bit_generator.state == b.bit_generator.state
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and same(a.detach().numpy(), b.numpy())
    return a == b


def short(strategy):
    """The same strategy with a short repr: hypothesis would spell the nested ones out in 100 kB."""

    @st.composite
    def drawn(draw):
        return draw(strategy)

    return drawn()


TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates, too
LARGE = st.binary(max_size=512).map(lambda data: int.from_bytes(data, "big", signed=True))
RANGE = st.builds(range, st.integers(), st.integers(), st.integers().filter(bool))
SCALAR = st.sampled_from([np.dtype(d).type for d in NUMERIC]).map(lambda scalar: scalar(1))
NUMBER = st.booleans() | st.integers() | LARGE | st.floats() | st.complex_numbers() | SCALAR
ATOM = short(st.none() | NUMBER | TEXT | st.binary() | st.just(...) | RANGE)
KEY = short(st.recursive(ATOM, lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3)))
PLAIN = st.recursive(
    ATOM | st.slices(20) | st.builds(slice, ATOM),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEY, inner, max_size=4)
        | st.sets(KEY, max_size=4)
        | st.frozensets(KEY, max_size=4)
    ),
    max_leaves=12,
)


# ---- round trips


@given(PLAIN)
@example([True, 1, 1.0, 0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308])
@example([2**53, 2**53 + 1, -(2**53), -(2**53) - 1, 2**4096 - 1, 1 - 2**4096])
@example(["a" * 1000, "a" * 1001, "\ud83d\ude00", "\U0001f600", '["list"]', ["list"], {}, [], (), set(), frozenset()])
@example(complex(-0.0, math.nan))
@example({"b": 1, "a": 2, math.nan: 3, (): 4, None: 5, np.int8(7): 6})
def test_plain_values_arrive_equal_and_of_the_same_types(value):
    assert same(trip(value), value)


@given(st.data(), st.sampled_from([*NUMERIC, "U3", "S5"]), st.sampled_from("<>"))
def test_arrays_of_any_layout_arrive_equal_native_and_writable(data, dtype, order):
    dtype = np.dtype(dtype).newbyteorder(order)
    array = data.draw(hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)))
    layout = data.draw(st.sampled_from(["C", "F", "transposed", "reversed", "strided", "broadcast", "read-only"]))
    match layout:
        case "F":
            array = np.asfortranarray(array) if array.ndim else array
        case "transposed":
            array = array.T
        case "reversed" | "strided" if array.ndim:
            array = array[:: -1 if layout == "reversed" else 2]
        case "broadcast":
            array = np.broadcast_to(array, (2, *array.shape))
        case "read-only":
            array.flags.writeable = False
    arrived = trip(array)
    assert type(arrived) is np.ndarray
    assert arrived.dtype.isnative
    assert arrived.flags.writeable
    assert same(arrived, array.astype(dtype.newbyteorder("=")))


@given(st.sampled_from(NUMERIC).flatmap(lambda dtype: hnp.from_dtype(np.dtype(dtype))))
def test_numpy_scalars_keep_their_type(scalar):
    assert isinstance(scalar, np.generic)
    assert same(trip(scalar), scalar)


def test_a_0d_array_stays_an_array_and_c_types_go_by_their_size():
    assert same(trip(np.array(2.5)), np.array(2.5))
    for char in "lLqQ":
        size = np.dtype(char).itemsize
        assert same(trip(np.dtype(char).type(3)), np.dtype(f"{'i' if char.islower() else 'u'}{size}").type(3))


@pytest.mark.parametrize(
    "value",
    [
        np.ones((1, 1)).view(np.matrix),
        np.ma.array([1.0], mask=[True]),
        np.array([None, 1]),
        np.array(["2024-01-01"], "M8[D]"),
        np.zeros(2, [("a", "f8")]),
        np.zeros(2, "V3"),
        np.longdouble(1),
        np.datetime64("2024-01-01"),
        np.random.Generator(np.random.MT19937(0)),
        np.random.RandomState(0),
        bytearray(b"x"),
        NotImplemented,
        torch.zeros(2, dtype=torch.bfloat16),
        torch.eye(2).to_sparse(),
        torch.zeros(2, device="meta"),
        sys,
        iter([1]),
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_plain_stays_at_home_and_comes_back_as_itself(value):
    ours, theirs = conversation()
    stand_in = through(theirs, ours, {"x": value})["x"]
    assert type(stand_in) is Handle
    assert repr(stand_in) == f"<a {type(value).__name__} kept in the other notebook>"
    assert through(ours, theirs, [stand_in])[0] is value


@given(st.integers(0, 2**64), st.integers(0, 3))
def test_a_generator_arrives_in_the_same_state_and_draws_on_equally(seed, drawn):
    rng = np.random.default_rng(seed)
    rng.integers(0, 100, size=drawn, dtype=np.uint32)  # an odd number leaves half a draw behind
    arrived = trip(rng)
    assert arrived is not rng
    assert same(arrived, rng)
    for draw in ["random", "standard_normal"]:
        assert same(getattr(arrived, draw)(5), getattr(rng, draw)(5))
    small = [r.integers(0, 100, size=3, dtype=np.uint32) for r in (arrived, rng)]
    assert same(*small)
    assert same(arrived, rng)


@pytest.mark.parametrize(
    "seed", [0, 2**70, [1, 2], np.array([3, 4]), np.int64(5), np.random.SeedSequence(6).spawn(2)[1]]
)
def test_an_arrived_generator_spawns_the_same_streams(seed):
    rng = np.random.default_rng(seed)
    rng.spawn(2)
    arrived = trip(rng)
    assert same([one.random(3) for one in arrived.spawn(3)], [one.random(3) for one in rng.spawn(3)])
    assert same(trip(arrived).spawn(1)[0].random(3), rng.spawn(1)[0].random(3))


def test_a_generator_whose_seed_is_not_known_draws_but_does_not_spawn():
    rng = np.random.default_rng(np.random.SeedSequence(7, pool_size=8))
    arrived = trip(rng)
    with pytest.raises(TypeError, match="spawn"):
        arrived.spawn(1)
    assert same(arrived.random(3), rng.random(3))


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(1.5),
        torch.zeros(0, 3),
        torch.arange(6.0, requires_grad=True).reshape(2, 3).T,
        torch.nn.Parameter(torch.ones(2, dtype=torch.float64)),
        torch.tensor([True, False]),
        torch.tensor([1 + 2j]).conj(),
        torch.ones(1, dtype=torch.int16).expand(5),
    ],
    ids=lambda tensor: f"{tensor.dtype}-{tuple(tensor.shape)}",
)
def test_tensors_arrive_as_plain_tensors(tensor):
    arrived = trip([tensor])[0]
    assert type(arrived) is torch.Tensor
    assert not arrived.requires_grad
    assert arrived.dtype == tensor.dtype
    assert torch.equal(arrived, tensor)


def test_without_torch_a_tensor_is_refused_and_the_rest_works(monkeypatch):
    tree = Codec(no_call).encode(torch.zeros(2))
    monkeypatch.delitem(sys.modules, "torch")
    with pytest.raises(CodecError, match="torch is not imported here"):
        Codec(no_call).decode(tree)
    assert type(trip(Cache())) is Handle


# ---- objects that keep their identity


def test_a_namedtuple_arrives_as_its_items_and_comes_back_as_itself():
    ours, theirs = conversation()
    cache = Point(np.zeros(2), [1])
    kept = through(theirs, ours, cache)
    assert type(kept) is Kept
    assert same(list(kept), list(cache))
    for copied in (kept, copy.copy(kept), copy.deepcopy(kept)):
        assert through(ours, theirs, [copied])[0] is cache
    assert type(through(ours, theirs, (*kept, 3))) is tuple  # a new tuple is only itself


def test_an_own_class_of_dict_arrives_as_its_items_and_comes_back_as_itself():
    class Attributes(dict):
        __getattr__ = dict.get

    ours, theirs = conversation()
    cache = Attributes(z=np.zeros(2), gamma=[1])
    kept = through(theirs, ours, cache)
    assert type(kept) is KeptDict
    assert same(dict(kept), dict(cache))
    for copied in (kept, copy.copy(kept), copy.deepcopy(kept)):
        assert through(ours, theirs, [copied])[0] is cache
    assert type(through(ours, theirs, {**kept})) is dict
    for plain in (collections.OrderedDict(a=1), collections.defaultdict(list, a=1), collections.Counter("a")):
        assert type(through(theirs, ours, plain)) is dict


def test_a_stand_in_is_one_object_however_often_it_comes_and_inert():
    ours, theirs = conversation()
    cache, function = Cache(), lambda: 1
    first, second = (through(theirs, ours, [cache, function, Cache()]) for _ in range(2))
    assert first[0] is second[0]
    assert first[1] is second[1]
    assert len({first[0], second[0], first[2], second[2]}) == 3
    assert through(ours, theirs, copy.deepcopy(first[0])) is cache
    for forwarded in (
        "__call__",
        "__getattr__",
        "__array__",
        "__array_interface__",
        "__len__",
        "__iter__",
        "__index__",
    ):
        assert not hasattr(first[0], forwarded)


def test_a_stand_in_of_one_conversation_means_nothing_in_another():
    ours, theirs = conversation()
    _, strangers = conversation()
    stand_ins = through(theirs, ours, [Cache(), Point(1, 2), len])
    strangers.encode([Cache(), Cache(), Cache()])  # the stranger has objects of these numbers
    other = Codec(no_call)
    sent = json.dumps(other.encode(stand_ins))
    assert "yours" not in sent
    assert [type(x) for x in strangers.decode(json.loads(sent))] == [Handle, Kept, type(no_call)]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (no_call, "no_call"),
        (len, "len"),
        (math.sqrt, "sqrt"),
        (np.exp, "exp"),
        ([].append, "append"),
        (Codec(no_call).kept, "kept"),
        (Cache, "Cache"),
        (enum.Enum, "Enum"),
        (functools.partial(int, base=2), "partial"),
        (torch.nn.ReLU(), "ReLU"),
        (lambda: 1, "callable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_callables_arrive_as_named_functions_and_come_back_as_themselves(value, name):
    ours, theirs = conversation()
    function = through(theirs, ours, value)
    assert type(function) is type(no_call)
    assert function.__name__ == function.__qualname__ == name
    assert through(ours, theirs, {"f": function})["f"] is value


def test_calls_go_over_with_plain_arguments_and_back_again():
    ours, theirs = conversation()

    def scale(x, by=1.0, then=None):
        return [x * by, then(x)]

    result = through(theirs, ours, scale)(np.arange(3.0), by=2, then=lambda x: x.sum())
    assert same(result, [np.array([0.0, 2.0, 4.0]), np.float64(3.0)])


def test_a_wrapper_of_a_foreign_function_is_not_taken_for_it():
    ours, theirs = conversation()
    wrapper = functools.wraps(foreign := through(theirs, ours, len))(lambda x: 7)
    assert [tree[0] for tree in map(ours.encode, (foreign, wrapper))] == ["yours", "callable"]


# ---- hostile values on the sending side


class Lies(type):
    """A metaclass that lies about, or fails at, everything that it can."""

    __name__ = property(lambda cls: 1 / 0)
    __mro__ = property(lambda cls: 1 / 0)
    __hash__ = None

    def __eq__(cls, other):
        return True

    def __instancecheck__(cls, value):
        return 1 / 0

    def __subclasscheck__(cls, other):
        return 1 / 0


def hostile(*bases):
    """A subclass whose own methods all fail: none may run."""

    def fail(*args, **kwargs):
        raise AssertionError("a hostile method ran")

    methods = "iter len eq hash repr str index int float bool complex getitem contains getattribute reduce_ex bytes"
    body = {f"__{name}__": fail for name in methods.split()} | {"items": fail, "keys": fail, "copy": fail}
    body["__class__"] = property(fail)
    return Lies("Hostile", bases, body)


@pytest.mark.parametrize(
    "plain",
    [5, 2**70, -0.5, 1 - 2j, "text", b"bytes", [1, [2]], {1, 2}, frozenset({3})],
    ids=repr,
)
def test_a_subclass_decays_to_its_base_type_without_running_its_methods(plain):
    assert same(trip(hostile(type(plain))(plain)), plain)


def test_a_hostile_tuple_dict_and_object_run_nothing_either():
    ours, theirs = conversation()
    values = [hostile(tuple)((1, 2)), hostile(dict)({"a": 1, "b": [2]}), hostile(object)(), hostile(object)]
    arrived = through(theirs, ours, values)
    assert [type(x) for x in arrived] == [Kept, KeptDict, Handle, type(no_call)]
    assert tuple(arrived[0]) == (1, 2)
    assert dict(arrived[1]) == {"a": 1, "b": [2]}
    assert repr(arrived[2]) == "<a Hostile kept in the other notebook>"
    assert arrived[3].__name__ == "Hostile"
    back = through(ours, theirs, arrived)
    assert all(x is y for x, y in zip(back, values, strict=True))


def test_lies_about_the_class_change_nothing():
    class Liar:
        __class__ = int
        __name__ = property(lambda self: 1 / 0)
        __call__ = property(lambda self: 1 / 0)  # its type counts as callable, looking at it fails

    assert trip(Liar()).__name__ == "Liar"
    assert same(trip(enum.IntEnum("Colour", "RED").RED), 1)
    ordered = collections.OrderedDict(a=1, b=2)
    ordered.move_to_end("a")
    assert same(trip(ordered), {"b": 2, "a": 1})
    assert same(trip(np.str_("a")), "a")
    assert type(trip(type("Float", (np.float64,), {})(2.0))) is float


@pytest.mark.parametrize("name", ["two words", "x\n", "", "<script>", "a" * 5000])
def test_a_foreign_name_that_is_no_identifier_is_not_shown(name):
    arrived = trip([type(name, (), {})(), type(name, (), {})])
    if name == "a" * 5000:
        name = "a" * 80
        assert arrived[1].__name__ == name
        assert repr(arrived[0]) == f"<a {name} kept in the student's notebook>"
    else:
        assert arrived[1].__name__ == "callable"
        assert repr(arrived[0]) == "<a object kept in the student's notebook>"


# ---- limits


def cyclic():
    value = []
    value.append({"again": value})
    return value


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (cyclic(), "over 64 containers inside each other.*flatter"),
        ([0] * 200_001, "more than 200000 values in one message; put numbers into one NumPy array"),
        ([[0] * 100_000] * 3, "more than 200000 values"),
        ("x" * (2**24 + 1), "16777217 bytes; at most 16777216 here"),
        (b"x" * (2**24 + 1), "16777217 bytes; at most 16777216 here"),
        (1 << 4096, "an int of 4097 bits; at most 4096"),
        ([None, {"a": range(1 << 4096)}], r"\[1\]\[1\]\[1\]: an int of 4097 bits"),
    ],
    ids=["cycle", "values", "shared", "str", "bytes", "int", "range"],
)
def test_encoding_beyond_a_limit_says_which_and_the_remedy(value, says):
    with pytest.raises(CodecError, match="^cannot send value.*" + says) as caught:
        Codec(no_call).encode(value)
    assert len(str(caught.value)) < 300


def test_just_within_the_limits_is_sent():
    nested = functools.reduce(lambda inner, _: [inner], range(62), [])
    value = [nested, [None] * 199_900, "x" * 2**24, b"x" * 2**24]
    assert same(trip(value), value)
    assert trip([nested] * 2) == [nested] * 2
    with pytest.raises(CodecError, match="over 64 containers"):
        trip([[nested]])


def test_arrays_and_texts_are_counted_together(monkeypatch):
    monkeypatch.setattr(codec, "DATA", 4 * 2**10)
    value = [np.zeros(128), "x" * 1024, b"x" * 1024, np.zeros(128)]
    tree = Codec(no_call).encode(value)
    assert same(Codec(no_call).decode(tree), value)
    for more in ("x", "y" * 1001, b"x", np.float64(1), np.zeros(1)):
        with pytest.raises(CodecError, match=r"^cannot send value\[4\]: .*4096 in one message, so send less"):
            Codec(no_call).encode([*value, more])
        with pytest.raises(CodecError, match=r"^cannot read value\[4\]: .*4096 in one message"):
            Codec(no_call).decode([*tree, Codec(no_call).encode(more)])


def allocated(function):
    """The most bytes that were in use while ``function`` ran (NumPy's arrays are counted)."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_broadcast_array_is_measured_before_it_is_copied():
    array = np.broadcast_to(np.zeros(1), (2**12, 2**14))  # 512 MiB that take 8 bytes
    tensor = torch.zeros(1).expand(2**30)

    def attempt():
        for value in (array, tensor):
            with pytest.raises(CodecError, match=f"at most {codec.DATA}"):
                Codec(no_call).encode(value)

    assert allocated(attempt) < 2**20


def test_kept_objects_are_limited(monkeypatch):
    monkeypatch.setattr(codec, "KEPT", 3)
    side, objects = Codec(no_call), [Cache() for _ in range(3)]
    side.encode(objects * 5)
    with pytest.raises(CodecError, match="more than 3 objects that are not plain data"):
        side.encode(Cache())
    assert side.kept(2) is objects[2]


# ---- hostile messages


def deep(levels):
    return functools.reduce(lambda inner, _: ["list", inner], range(levels), None)


ZEROS = "A" * 4096
MALICIOUS = [
    ["array", "O", [1], "AAAAAAAAAAA="],
    ["array", "object", [1], "AAAAAAAAAAA="],
    ["array", "V8", [1], "AAAAAAAAAAA="],
    ["array", "M8[D]", [1], "AAAAAAAAAAA="],
    ["array", "<f8", [1], "AAAAAAAAAAA="],
    ["array", "f8,f8", [0], ""],
    ["array", "<U999999999", [1], "AAAA"],
    ["array", "U999999999", [1], "AAAA"],
    ["array", "U999999999", [0], ""],
    ["array", "U9999999999", [0], ""],
    ["array", "U0", [1], ""],
    ["array", "U", [1], ""],
    ["array", "U１", [1], "AAAAAA=="],
    ["array", "b1\n", [1], "AA=="],
    ["array", "", [], ""],
    ["array", "f8", [-1], "AAAAAAAAAAA="],
    ["array", "f8", [-1, -1], "AAAAAAAAAAA="],
    ["array", "f8", [10**9, 10**9], "AAAAAAAAAAA="],
    ["array", "f8", [2**32, 2**32], ""],
    ["array", "f8", [2**61], ""],
    ["array", "f8", [0, 10**18], ""],
    ["array", "f8", [2**25], ZEROS],
    ["array", "f8", [10**400], ""],
    ["array", "f8", [True], "AAAAAAAAAAA="],
    ["array", "f8", [1.0], "AAAAAAAAAAA="],
    ["array", "f8", [[1]], "AAAAAAAAAAA="],
    ["array", "f8", [1] * 65, "AAAAAAAAAAA="],
    ["array", "f8", [1], "AAAAAAAAAAAA"],
    ["array", "f8", [1], "AAAA"],
    ["array", "f8", [1], "A" * (40 * 2**20)],
    ["array", "f8", [1], "AAAAAAAAAA*="],
    ["array", "f8", [1], "AAAAAAAA\nAA="],
    ["array", "f8", [1], "éAAAAAAAAAA="],
    ["array", "f8", [1], None],
    ["array", "f8", [1]],
    ["array", "b1", [1], "Ag=="],  # a bool of 2
    ["array", "U1", [1], "/////w=="],  # a character beyond Unicode
    ["scalar", "O", "AAAAAAAAAAA="],
    ["scalar", "U1", "AAAAAA=="],
    ["scalar", "", ""],
    ["tensor", "S1", [1], "AA=="],
    ["int", "0x10"],
    ["int", "1_0"],
    ["int", "-0"],
    ["int", "5"],  # has a shorter form
    ["int", "f" * 1025],
    ["int", "f" * 10**6],
    ["int", 10**20],
    ["int", ""],
    2**53 + 1,
    10**5000,
    1.5,
    math.nan,
    {},
    {"list": []},
    ["float", "1_0.0"],
    ["float", "Infinity"],
    ["float", " 1.0"],
    ["float", "1" * 10**6],
    ["float", 1],
    ["complex", "1.0"],
    ["complex", "1.0", "1"],
    "x" * 1001,
    ["text", "gICA"],  # not UTF-8
    ["text", "A" * (2**24 * 4 // 3 + 4)],
    ["bytes", "A" * (2**24 * 4 // 3 + 4)],
    ["bytes", "A"],
    ["bytes", [65]],
    [],
    [[]],
    ["list", ["liszt"]],
    ["eval", "1/0"],
    ["__class__"],
    ["_decode", None],
    ["list", *[None] * 200_001],
    ["list", *[["list", *[None] * 1000]] * 201],
    deep(66),
    deep(500),
    ["dict", "a"],
    ["dict", "a", 1, "a", 2],
    ["dict", 1, 1, True, 2],
    ["dict", ["list"], 1],
    ["dict", ["array", "b1", [1], "AA=="], 1],
    ["dict", ["tuple", ["list"]], 1],
    ["set", 1, 1],
    ["set", 1, ["float", "1.0"]],
    ["set", ["set"]],
    ["frozenset", ["dict"]],
    ["set", *[["int", f"{i * (2**61 - 1):x}"] for i in range(100, 1200)]],  # one hash for all of them
    ["range", 0, 1, 0],
    ["range", 0, 1, True],
    ["range", 0, ["float", "1.0"], 1],
    ["range", 0, 1],
    ["slice", 0, 1],
    ["ellipsis", 1],
    ["generator", "0", "2", 0, 0, None],
    ["generator", "f" * 33, "1", 0, 0, None],
    ["generator", "0", "1" + "0" * 31 + "1", 0, 0, None],
    ["generator", "-1", "1", 0, 0, None],
    ["generator", "0", "-1", 0, 0, None],
    ["generator", "0", "1", 2, 0, None],
    ["generator", "0", "1", True, 0, None],
    ["generator", "0", "1", 0, 2**32, None],
    ["generator", "0", "1", 0, -1, None],
    ["generator", "0", "1", 0, None, None],
    ["generator", 0, 1, 0, 0, None],
    ["generator", "0", "1", 0, 0],
    ["generator", "0", "1", 0, 0, 5],
    ["generator", "0", "1", 0, 0, ["tuple", -1, ["tuple"], 0]],
    ["generator", "0", "1", 0, 0, ["tuple", True, ["tuple"], 0]],
    ["generator", "0", "1", 0, 0, ["tuple", ["float", "1.0"], ["tuple"], 0]],
    ["generator", "0", "1", 0, 0, ["tuple", ["list", None], ["tuple"], 0]],
    ["generator", "0", "1", 0, 0, ["tuple", 0, ["list"], 0]],
    ["generator", "0", "1", 0, 0, ["tuple", 0, ["tuple", ["int", "20000000000001"]], 0]],
    ["generator", "0", "1", 0, 0, ["tuple", 0, ["tuple"], ["int", "20000000000001"]]],
    ["generator", "0", "1", 0, 0, ["tuple", 0, ["tuple"]]],
    ["callable", -1, "f"],
    ["callable", True, "f"],
    ["callable", 100_000, "f"],
    ["callable", 0, None],
    ["callable", 0, ["list"]],
    ["handle", 10**30, "Cache"],
    ["handle", 0],
    ["named", "0"],
    ["named", -1, 1],
    ["named", False, 1],
    ["record", "0"],
    ["record", -1, "a", 1],
    ["record", 0, "a"],
    ["record", 0, ["list"], 1],
    ["record", 0, "a", 1, "a", 2],
    ["yours", 3],
    ["yours", -1],
    ["yours", True],
    ["yours", "0"],
    ["yours", 0.0],
    ["yours", None],
    ["yours"],
    ["list", ["handle", 7, "Cache"], ["callable", 7, "f"]],
]


@pytest.mark.parametrize("tree", MALICIOUS, ids=lambda tree: repr(tree)[:30] if type(tree) is list else "bare")
def test_a_malicious_message_is_refused_and_takes_no_memory(tree):
    side = Codec(no_call)
    side.encode([Cache(), Cache(), Cache()])

    def attempt():
        with pytest.raises(CodecError, match=r"^cannot read value") as caught:
            side.decode(tree)
        assert len(str(caught.value)) < 250
        assert str(caught.value).isprintable()

    assert allocated(attempt) < 20 * 2**20


def test_an_error_says_where():
    with pytest.raises(CodecError, match=r"^cannot read value\[1\]\[0\]: 'evil' with 0 parts like these is not in the"):
        Codec(no_call).decode(["list", None, ["tuple", ["evil"]]])


def test_numbers_are_looked_up_in_our_own_table_only():
    ours, theirs = conversation()
    handle = through(theirs, ours, [Cache()])[0]
    for number in (0, -1, True, 0.0, "0", None, 10**9):  # 0 is theirs: we gave nothing away
        with pytest.raises(CodecError, match="not the number of an object given away"):
            ours.kept(number)
    assert ours.encode(handle) == ["yours", 0]


TAGS = (
    *("list", "tuple", "dict", "set", "frozenset", "int", "float", "complex", "text", "bytes", "slice", "range"),
    *("ellipsis", "scalar", "array", "tensor", "generator", "named", "record", "callable", "handle", "yours"),
)
NUMBERS = (-1, 0, 1, 2**31, 2**63, 10**30, 10**4000, 1.5, math.nan, True, None)
TEXTS = ("", "O", "<U999999999", "f8", "U9", "nan", "AAAA", "-1", "\u00e9" * 2000)
SHAPES = ([], [-1], [2**40, 2**40], [0, 2**60])
TREES = (["list"], ["yours", 0], ["yours", 1], ["handle", 0, "x"], ["callable", 0, "x"], {"a": [1]}, {}, deep(70))
JUNK = st.sampled_from([*TAGS, *NUMBERS, *TEXTS, *SHAPES, *TREES]).map(copy.deepcopy)


def places(tree):
    """Every (list, index) in ``tree``."""
    if type(tree) is list:
        for i, item in enumerate(tree):
            yield tree, i
            yield from places(item)


def mutate(data, tree):
    tree = [tree]
    for _ in range(data.draw(st.integers(1, 4))):
        spots = list(places(tree))
        if not spots:  # the tree itself was deleted
            return None
        parent, i = spots[data.draw(st.integers(0, len(spots) - 1))]
        other, j = spots[data.draw(st.integers(0, len(spots) - 1))]
        match data.draw(st.sampled_from(["replace", "delete", "insert", "swap", "copy", "cut"])):
            case "replace":
                parent[i] = data.draw(JUNK)
            case "delete":
                del parent[i]
            case "insert":
                parent.insert(i, data.draw(JUNK))
            case "swap":
                parent[i], other[j] = copy.deepcopy(other[j]), copy.deepcopy(parent[i])
            case "copy":
                parent.insert(i, copy.deepcopy(other[j]))
            case "cut" if type(parent[i]) is str:
                parent[i] = parent[i][data.draw(st.integers(0, 3)) :]
    return tree[0] if tree else None


DECODED = {
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    list,
    tuple,
    dict,
    set,
    frozenset,
    slice,
    range,
    Handle,
    Kept,
    KeptDict,
}
DECODED |= {
    type(...),
    np.ndarray,
    np.random.Generator,
    torch.Tensor,
    type(no_call),
    *(np.dtype(d).type for d in NUMERIC),
}


def parts(value, own):
    """``value`` and all that it contains; what is ``own`` came from this side and is not looked into."""
    yield value
    if any(value is x for x in own):
        return
    if isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from parts(item, own)
    elif isinstance(value, dict):
        for pair in value.items():
            yield from parts(pair, own)
    elif isinstance(value, slice):
        yield from parts((value.start, value.stop, value.step), own)


RICH = [
    np.arange(6.0).reshape(2, 3),
    np.array(["ab", "c"]),
    np.float32(1.5),
    np.zeros((0, 2), bool),
    np.random.default_rng(3),
    torch.ones(2, 2),
    Point(1, [2.5]),
    Cache(),
    len,
    {(1, "a"): {2**60}, "s": slice(1, None, 2)},
    range(5),
]


def decoded(side, tree):
    """[the value], or [] if ``tree`` is refused; the only two ways out."""
    try:
        return [side.decode(tree)]
    except CodecError:
        return []


@settings(max_examples=6 * settings.default.max_examples)
@given(st.data(), st.lists(st.sampled_from(RICH) | PLAIN, max_size=4))
def test_a_mutated_message_is_refused_or_gives_plain_data_in_little_memory(data, value):
    tree = mutate(data, Codec(no_call).encode(value))
    own, side, result = [Cache(), Cache()], Codec(no_call), []
    side.encode(own)
    assert allocated(lambda: result.extend(decoded(side, tree))) < 2**20
    for part in parts(result, own):
        assert type(part) in DECODED or any(part is x for x in own)
        if type(part) is np.ndarray or isinstance(part, np.generic):
            part.tolist()  # NumPy can read every element


JSON = st.recursive(
    JUNK | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.builds(lambda a, b: [a, *b], JUNK, st.lists(inner, max_size=4)),
)


@given(JSON)
def test_any_json_is_refused_or_decoded(tree):
    own, side = [Cache(), Cache()], Codec(no_call)
    side.encode(own)
    for part in parts(decoded(side, tree), own):
        assert type(part) in DECODED or any(part is x for x in own)


# ---- frames


@pytest.fixture
def sockets():
    pair = socket.socketpair()
    yield pair
    for end in pair:
        end.close()


def soon(seconds=5.0):
    return time.monotonic() + seconds


def frame(text):
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    return len(data).to_bytes(8, "big") + data


def test_messages_arrive_in_order_whatever_their_size(sockets):
    messages = [{}, {"a": [1, None, "é\ud800", {"b": 0.5}]}, {"big": "x" * 5_000_000}, {"last": True}]
    writer = threading.Thread(target=lambda: [send(sockets[0], message) for message in messages])
    writer.start()
    assert [receive(sockets[1], soon(60)) for _ in messages] == messages
    writer.join()


def test_a_codec_tree_goes_through_a_socket(sockets):
    value = [np.arange(4.0), {"text": "\ud83d\ude00", 2**80: (math.nan, b"\0")}]
    send(sockets[0], {"value": Codec(no_call).encode(value)}, soon())
    assert same(Codec(no_call).decode(receive(sockets[1], None)["value"]), value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("{} {}", "Extra data"),
        (b"\xff\xfe{}", "utf-8"),
        ("{}".encode("utf-16"), "utf-8"),
        ("\ufeff{}", "BOM"),
        ("[1]", "a list like this instead of an object"),
        ('"' + "x" * 10**6 + '"', "a str like this instead of an object"),
        ("7", "7 instead of an object"),
        ('{"a": NaN}', "NaN is not finite"),
        ('{"a": [-Infinity]}', "-Infinity is not finite"),
        ('{"a": 1e999}', "1e999 is not finite"),
        ('{"a": 1.' + "0" * 10**6 + "}", "not finite or too long"),
        ('{"a": ' + "9" * 10**6 + "}", "digits"),
        ('{"a": 1, "b": 2, "a": 3}', "two equal keys"),
        ('{"a": [{"b": 1, "b": 1}]}', "two equal keys"),
        ('{"a": ' + "[" * 10**6, "too many brackets inside each other"),
        ('{"a": [' + "[],{}," * 700_000 + "0]}", "more than 2000000 commas and brackets"),
    ],
    ids=range(18),
)
def test_a_frame_that_is_no_message_is_refused(sockets, text, says):
    writer = threading.Thread(target=sockets[0].sendall, args=[frame(text)])
    writer.start()
    with pytest.raises(CodecError, match=says) as caught:
        receive(sockets[1], soon(60))
    writer.join()
    assert len(str(caught.value)) < 300


@given(st.binary(max_size=200) | st.text('{}[]":,a1', max_size=9).map(str.encode))
@example(b'{"a":1}')
def test_garbage_bytes_are_a_message_or_refused(garbage):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(frame(garbage))
        try:
            message = receive(ours, soon())
        except CodecError:
            return
        assert message == json.loads(garbage)


@pytest.mark.parametrize("size", [wire.MESSAGE + 1, 2**63, 2**64 - 1])
def test_a_huge_length_is_refused_before_anything_is_read(sockets, size):
    sockets[0].sendall(size.to_bytes(8, "big"))
    with pytest.raises(CodecError, match=f"a message of {size} bytes, more than {wire.MESSAGE}"):
        receive(sockets[1], soon())


def test_a_promised_length_takes_no_memory(sockets):
    sockets[0].sendall(wire.MESSAGE.to_bytes(8, "big") + b"{")
    sockets[0].close()

    def attempt():
        with pytest.raises(EOFError):
            receive(sockets[1], soon())

    assert allocated(attempt) < 4 * 2**20


@pytest.mark.parametrize("part", [0, 1, 8, 9, -1])
def test_a_peer_that_goes_away_is_an_eof(sockets, part):
    sockets[0].sendall(frame('{"a": 1}')[:part])
    sockets[0].close()
    with pytest.raises(EOFError):
        receive(sockets[1], soon())


@pytest.mark.parametrize("part", [0, 1, 8, 9, -1])
def test_a_silent_peer_is_a_timeout(sockets, part):
    sockets[0].sendall(frame('{"a": 1}')[:part])
    with pytest.raises(TimeoutError):
        receive(sockets[1], soon(0.05))


def test_the_deadline_is_for_the_whole_message_not_for_each_byte(sockets):
    stop = threading.Event()

    def drip():
        sockets[0].sendall((10**6).to_bytes(8, "big"))
        while not stop.wait(0.01):
            sockets[0].sendall(b" ")

    writer = threading.Thread(target=drip)
    writer.start()
    try:
        with pytest.raises(TimeoutError):
            receive(sockets[1], soon(0.1))
    finally:
        stop.set()
        writer.join()


def test_after_a_deadline_that_was_kept_one_may_wait_without(sockets):
    sockets[0].sendall(frame("{}"))
    assert receive(sockets[1], soon()) == {}
    late = threading.Timer(0.05, sockets[0].sendall, [frame('{"a": 1}')])
    late.start()
    assert receive(sockets[1], None) == {"a": 1}
    late.join()


def test_sending_to_nobody_is_an_eof_and_to_a_sleeper_a_timeout(sockets):
    with pytest.raises(TimeoutError):
        send(sockets[0], {"a": "x" * 20_000_000}, soon(0.05))
    with pytest.raises(TimeoutError):
        send(sockets[0], {}, time.monotonic() - 1)
    sockets[1].close()
    with pytest.raises(EOFError):
        send(sockets[0], {"a": "x" * 20_000_000})


def test_what_the_other_side_would_refuse_is_not_sent(sockets, monkeypatch):
    monkeypatch.setattr(wire, "MESSAGE", 100)
    with pytest.raises(CodecError, match="a message of 108 bytes, more than 100; send less in one call"):
        send(sockets[0], {"a": "x" * 100})
    monkeypatch.setattr(wire, "STRUCTURE", 10)
    with pytest.raises(CodecError, match="more than 10 commas and brackets; put numbers into one NumPy array"):
        send(sockets[0], {"a": [1] * 12})
    with pytest.raises(ValueError, match="not JSON compliant"):
        send(sockets[0], {"a": math.nan})
    sockets[0].close()
    with pytest.raises(EOFError):  # not one byte came
        receive(sockets[1], soon())
