"""System calls that Python's os module lacks, by ctypes. Each raises OSError as those of os do."""
import collections
import ctypes
import fcntl
import os
import struct

_LIBC = ctypes.CDLL(None, use_errno=True)

AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
AT_REMOVEDIR = 0x200
AT_SYMLINK_FOLLOW = 0x400
AT_EMPTY_PATH = 0x1000

RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT = 1, 2, 4

FALLOC_KEEP_SIZE, FALLOC_PUNCH_HOLE, FALLOC_COLLAPSE, FALLOC_ZERO, FALLOC_INSERT = 1, 2, 8, 16, 32

UTIME_NOW, UTIME_OMIT = (1 << 30) - 1, (1 << 30) - 2

STATX_TYPE, STATX_MODE, STATX_BASIC, STATX_BTIME = 1, 2, 0x7FF, 0x800
STATX_ATTR_IMMUTABLE, STATX_ATTR_APPEND = 0x10, 0x20

_long = ctypes.c_long


def _checked(result, name):
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    return result


def renameat2(old, new, flags, old_dir=AT_FDCWD, new_dir=AT_FDCWD):
    _checked(_LIBC.renameat2(old_dir, os.fsencode(old), new_dir, os.fsencode(new), ctypes.c_uint(flags)), "renameat2")


def linkat(old_dir, old, new_dir, new, flags):
    _checked(_LIBC.linkat(old_dir, os.fsencode(old), new_dir, os.fsencode(new), flags), "linkat")


def unlinkat(directory, path, flags):
    _checked(_LIBC.unlinkat(directory, os.fsencode(path), flags), "unlinkat")


def fallocate(fd, mode, offset, length):
    _checked(_LIBC.fallocate(fd, mode, ctypes.c_int64(offset), ctypes.c_int64(length)), "fallocate")


def syncfs(fd):
    _checked(_LIBC.syncfs(fd), "syncfs")


def sync_file_range(fd, offset, length, flags):
    _checked(_LIBC.sync_file_range(fd, ctypes.c_int64(offset), ctypes.c_int64(length), ctypes.c_uint(flags)), "sync_file_range")


def utimensat(path, atime, mtime, flags=0, directory=AT_FDCWD):
    """Each time is (seconds, nanoseconds), or (0, UTIME_NOW), or (0, UTIME_OMIT)."""
    times = struct.pack("qqqq", *atime, *mtime)
    _checked(_LIBC.utimensat(directory, os.fsencode(path), times, flags), "utimensat")


def futimens(fd, atime, mtime):
    _checked(_LIBC.futimens(fd, struct.pack("qqqq", *atime, *mtime)), "futimens")


def utimensat_now(path, flags=0):
    """The form with a null pointer instead of times."""
    _checked(_LIBC.utimensat(AT_FDCWD, os.fsencode(path), None, flags), "utimensat")


def mkdirat(directory, path, mode):
    _checked(_LIBC.mkdirat(directory, os.fsencode(path), mode), "mkdirat")


def getxattr(path, name, size):
    """Into a buffer of that size; 0 asks for the size only, which is what is returned."""
    return _checked(_LIBC.getxattr(os.fsencode(path), os.fsencode(name), ctypes.create_string_buffer(size or 1), ctypes.c_size_t(size)), "getxattr")


def listxattr(path, size):
    return _checked(_LIBC.listxattr(os.fsencode(path), ctypes.create_string_buffer(size or 1), ctypes.c_size_t(size)), "listxattr")


class Statx(ctypes.Structure):
    class Time(ctypes.Structure):
        _fields_ = [("sec", ctypes.c_int64), ("nsec", ctypes.c_uint32), ("pad", ctypes.c_int32)]

        @property
        def ns(self):
            return self.sec * 1_000_000_000 + self.nsec

    _fields_ = [
        ("mask", ctypes.c_uint32), ("blksize", ctypes.c_uint32), ("attributes", ctypes.c_uint64), ("nlink", ctypes.c_uint32),
        ("uid", ctypes.c_uint32), ("gid", ctypes.c_uint32), ("mode", ctypes.c_uint16), ("pad", ctypes.c_uint16), ("ino", ctypes.c_uint64),
        ("size", ctypes.c_uint64), ("blocks", ctypes.c_uint64), ("attributes_mask", ctypes.c_uint64), ("atime", Time), ("btime", Time),
        ("ctime", Time), ("mtime", Time), ("rdev_major", ctypes.c_uint32), ("rdev_minor", ctypes.c_uint32), ("dev_major", ctypes.c_uint32),
        ("dev_minor", ctypes.c_uint32), ("rest", ctypes.c_uint64 * 14)]


def statx(path, flags=0, mask=STATX_BASIC | STATX_BTIME, directory=AT_FDCWD):
    out = Statx()
    _checked(_LIBC.statx(directory, os.fsencode(path), flags, ctypes.c_uint(mask), ctypes.byref(out)), "statx")
    return out


_FLOCK = "hh4xqqi4x"
Lock = collections.namedtuple("Lock", "kind whence start length pid")


def record_lock(fd, command, kind, start=0, length=0, whence=os.SEEK_SET):
    """One fcntl call of F_SETLK, F_SETLKW, F_GETLK or their OFD forms; returns the lock as the kernel left it."""
    answer = fcntl.fcntl(fd, command, struct.pack(_FLOCK, kind, whence, start, length, 0))
    return Lock(*struct.unpack(_FLOCK, answer))


class Dirent(ctypes.Structure):
    _fields_ = [("ino", ctypes.c_uint64), ("off", ctypes.c_int64), ("reclen", ctypes.c_uint16), ("kind", ctypes.c_uint8), ("name", ctypes.c_char * 256)]


_LIBC.opendir.restype = ctypes.c_void_p
_LIBC.opendir.argtypes = [ctypes.c_char_p]
_LIBC.fdopendir.restype = ctypes.c_void_p
_LIBC.fdopendir.argtypes = [ctypes.c_int]
_LIBC.readdir.restype = ctypes.POINTER(Dirent)
_LIBC.readdir.argtypes = [ctypes.c_void_p]
_LIBC.telldir.restype = _long
_LIBC.telldir.argtypes = [ctypes.c_void_p]
_LIBC.seekdir.restype = None
_LIBC.seekdir.argtypes = [ctypes.c_void_p, _long]
_LIBC.rewinddir.restype = None
_LIBC.rewinddir.argtypes = [ctypes.c_void_p]
_LIBC.closedir.argtypes = [ctypes.c_void_p]

Entry = collections.namedtuple("Entry", "name kind ino")


class Directory:
    """A directory stream of the C library, since scandir has no positions and hides '.' and '..'."""

    def __init__(self, path=None, fd=None):
        self.stream = _LIBC.opendir(os.fsencode(path)) if fd is None else _LIBC.fdopendir(fd)
        if not self.stream:
            _checked(-1, "opendir")

    def next(self):
        """The next entry, or None at the end."""
        ctypes.set_errno(0)
        entry = _LIBC.readdir(self.stream)
        if entry:
            return Entry(os.fsdecode(entry.contents.name), entry.contents.kind, entry.contents.ino)
        if ctypes.get_errno():
            _checked(-1, "readdir")
        return None

    def rest(self):
        return list(iter(self.next, None))

    def tell(self):
        return _LIBC.telldir(self.stream)

    def seek(self, position):
        _LIBC.seekdir(self.stream, position)

    def rewind(self):
        _LIBC.rewinddir(self.stream)

    def close(self):
        _LIBC.closedir(self.stream)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
