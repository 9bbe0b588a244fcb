"""A tree with what copying programs have to keep."""
import os
import random
import stat
import struct

NOBODY = 0xFFFFFFFF
MIB = 1 << 20


def bytes_of(seed, size):
    return random.Random(seed).randbytes(size)


def acl(*entries):
    """Entries of (tag, rights, id) in the form in which the kernel takes them."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries)


# user::rw- user:30001:r-- group::r-- mask::rw- other::---
LIST = acl((1, 6, NOBODY), (2, 4, 30001), (4, 4, NOBODY), (16, 6, NOBODY), (32, 0, NOBODY))
# cap_net_raw+ep
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)


def holes(path, size=8 * MIB):
    """A file of that size with three pieces of data."""
    with open(path, "wb") as f:
        for n, offset in enumerate((0, size // 2, size - 5000)):
            f.seek(offset)
            f.write(bytes_of(n, 5000))


def make(top, simple=False, odd=False):
    """Makes the tree. Simple: only files, directories and symlinks. Odd: with access control lists, capabilities and names that are not UTF-8 too."""
    os.makedirs(top)
    root = os.geteuid() == 0
    for n, size in enumerate((0, 1, 4095, 4096, 4097, 100_000, MIB + 3)):
        with open(f"{top}/size{n}", "wb") as f:
            f.write(bytes_of(n, size))
    for directory in ("many", "deep/a/b/c/d", "names", "empty"):
        os.makedirs(f"{top}/{directory}")
    for n in range(25):
        with open(f"{top}/many/f{n}", "w", encoding="utf-8") as f:
            f.write(f"file {n}\n" * n)
        os.chmod(f"{top}/many/f{n}", (0o644, 0o600, 0o755, 0o440)[n % 4])
    names = ["with space", "-dash", "quote'\"", "ünïcödé", "l" * 255] + ([] if simple else ["new\nline", "back\\slash", "star*"]) + (["\udcff\udcfe"] if odd else [])
    for name in names:
        with open(os.path.join(top, "names", name), "w", encoding="utf-8") as f:
            f.write(f"{name!r}\n")
    os.symlink("../size3", f"{top}/deep/link")
    os.symlink("nowhere/at/all", f"{top}/dangling")
    os.symlink("deep/a", f"{top}/link-to-dir")
    if not simple:
        os.symlink("x/" * 500, f"{top}/long-link")
        holes(f"{top}/holes")
        os.link(f"{top}/size5", f"{top}/deep/a/second-name")
        os.link(f"{top}/size5", f"{top}/third-name")
        os.mkfifo(f"{top}/fifo", 0o620)
        if root:
            for n in range(4):
                os.chown(f"{top}/many/f{n}", 30001 + n, 30100)
            os.lchown(f"{top}/dangling", 30001, 30001)
            os.chmod(f"{top}/many/f2", 0o6755)
            try:
                os.mknod(f"{top}/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
            except PermissionError:  # in a container
                pass
        os.setxattr(f"{top}/size5", "user.short", b"value")
        os.setxattr(f"{top}/many", "user.binary", bytes(range(256)) * 4)
        os.chmod(f"{top}/empty", 0o1777)
        os.chmod(f"{top}/deep/a", 0o2750)
    if odd:
        os.setxattr(f"{top}/size3", "system.posix_acl_access", LIST)
        os.setxattr(f"{top}/deep", "system.posix_acl_default", LIST)
        if root:
            os.setxattr(f"{top}/many/f6", "security.capability", CAPABILITY)
            os.setxattr(f"{top}/many/f6", "trusted.note", b"\0\1")
    for n, (path, directories, files) in enumerate(os.walk(top, topdown=False)):
        for m, name in enumerate(sorted(files)):
            time = 1_500_000_000 + 1000 * n + m
            os.utime(os.path.join(path, name), ns=(10**18, time * 10**9 + (0 if simple else 123_456_789)), follow_symlinks=False)
        for directory in directories:
            if os.path.islink(f"{path}/{directory}"):
                os.utime(f"{path}/{directory}", ns=(10**18, 1_400_000_000 * 10**9), follow_symlinks=False)
        os.utime(path, ns=(10**18, (1_600_000_000 + n) * 10**9))
    return top
