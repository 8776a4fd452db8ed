"""Refusals: what the Linux kernel denies a process from now on, for good: system calls (seccomp), files (Landlock).

Neither needs any right, nor a namespace. All that the process starts is bound by them, too.
"""

import ctypes
import os
import platform
import struct
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> int:
    """A function of the C library. Raises: OSError when it reports an error."""
    result = getattr(_libc, name)(*arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result


# ---- system calls ----

# What student code has no use for: debuggers, namespaces, keys, and memory that no limit of a process counts.
_FORBIDDEN = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "open_by_handle_at": (304, 265),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "io_uring_setup": (425, 425),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "pidfd_getfd": (438, 438),
    "syslog": (103, 116),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "fanotify_init": (300, 262),
    "fsconfig": (431, 431),
    "fspick": (433, 433),
    "kexec_file_load": (320, 294),
    "process_madvise": (440, 440),
}
_CLONE, _CLONE3, _SOCKET, _PRLIMIT = (56, 220), 435, (41, 198), (302, 261)
_FAMILIES = (1, 2, 10, 16)  # Unix, both versions of the internet's, and what asks for the network's interfaces
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # by ``platform.machine()``, the number in an audit
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_NEWUSER = 0x10000000
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38


def forbid_system_calls() -> None:
    """From now on, the calls above fail with EPERM, and so does every other architecture's.

    Sockets are those of Unix and of the internet. Others, as the one to a virtual machine's host, are not bound by a
    network namespace.
    """
    column = list(ARCHITECTURES).index(platform.machine())
    load, equal, at_least, masked, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse, absent, unknown = 0x7FFF0000, *(0x00050000 | number for number in (_EPERM, _ENOSYS, _EAFNOSUPPORT))
    program = [
        (load, 0, 0, 4),
        (equal, 1, 0, ARCHITECTURES[platform.machine()]),
        (give, 0, 0, refuse),
        (load, 0, 0, 0),
        (at_least, 0, 1, 0x40000000),  # the x32 numbers of the same calls
        (give, 0, 0, refuse),
        (equal, 0, 1, _CLONE3),  # its flags cannot be read here; without it the C library takes clone
        (give, 0, 0, absent),
    ]
    for numbers in _FORBIDDEN.values():
        program += [(equal, 0, 1, numbers[column]), (give, 0, 0, refuse)]
    program += [(equal, 0, 2 + 2 * len(_FAMILIES), _SOCKET[column]), (load, 0, 0, 16)]
    for family in _FAMILIES:
        program += [(equal, 0, 1, family), (give, 0, 0, allow)]
    program += [
        (give, 0, 0, unknown),
        (equal, 0, 4, _PRLIMIT[column]),
        (load, 0, 0, 16),
        (equal, 1, 0, 0),  # of this process itself; those of process 1 would be within reach, too
        (give, 0, 0, refuse),
        (give, 0, 0, allow),
        (equal, 0, 3, _CLONE[column]),
        (load, 0, 0, 16),
        (masked, 0, 1, _NEWUSER),
        (give, 0, 0, refuse),
        (give, 0, 0, allow),
    ]
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    call("prctl", _PR_SET_SECCOMP, 2, header, 0, 0)


# ---- files ----

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE, _READ, _LIST = 1, 2, 4, 8
_ALL = {1: 2**13 - 1, 2: 2**14 - 1, 3: 2**15 - 1, 4: 2**15 - 1, 5: 2**16 - 1}  # by version of Landlock
_ON_FILES = _EXECUTE | _WRITE | _READ | 2**14 | 2**15  # what makes sense for a file that is no folder
_TCP = 3  # from version 4 on: to listen, to connect
_SCOPED = 3  # from version 6 on: abstract sockets of processes outside, signals to them


def landlock() -> int:
    """The version of Landlock that this system has, 0 for none."""
    try:
        return call("syscall", _CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    except OSError:
        return 0


def fence(readable: list[Path], writable: list[Path]) -> None:
    """From now on, only these files and folders, with all below them, can be read or used. Needs Landlock.

    As far as its version goes, also no TCP, and no signals to processes outside.
    """
    version = landlock()
    everything = _ALL[min(version, 5)]
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    attributes = struct.pack("=QQQ", everything, _TCP, _SCOPED)[:size]
    rules = call("syscall", _CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        for paths, rights in ((readable, _EXECUTE | _READ | _LIST), (writable, everything & ~_EXECUTE)):
            for path in paths:
                fd = os.open(path, os.O_PATH)
                try:
                    given = rights if path.is_dir() else rights & _ON_FILES & everything
                    call("syscall", _ADD_RULE, rules, 1, struct.pack("=Qi", given, fd), 0)
                finally:
                    os.close(fd)
        call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        call("syscall", _RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
