"""A system call agent: one operation a line on stdin, one answer a line on stdout.

It lives in a process of its own so that the one that touches a mount can be killed from outside. It makes real system
calls and reports real errnos, which java.nio hides.

  line    [@UID] VERB TOKEN...       tokens are percent-encoded bytes; '-' is the empty string; '@UID' runs the verb
                                     with that effective user and group (root only)
  path    relative to the root; '#N/x' is x below the directory open in slot N
  answer  OK key=value...            or the name of an errno, or SKIPPED (the profile avoids this operation here)

Open files live in numbered slots, so that an operation list stays meaningful when some of its lines are removed.
Answers hold nothing that two right filesystems may answer differently: no inode numbers, no block counts, no sizes of
directories, sorted directory listings, and times only as "now" or the exact value that someone set.
"""
import ctypes
import errno
import fcntl
import hashlib
import mmap
import os
import random
import re
import shutil
import stat
import struct
import sys
import time
from urllib.parse import quote_from_bytes, unquote_to_bytes

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, AT_SYMLINK_NOFOLLOW, AT_SYMLINK_FOLLOW = -100, 0x100, 0x400
UTIME = {"now": (0, (1 << 30) - 1), "omit": (0, (1 << 30) - 2)}
DAY = 86400
CLOCK_REALTIME_COARSE = 5  # the clock of timestamps; the time module does not name it
MARK_NS = 1_000_000_000_000_000_000
WHOLE_MAX = 4 << 20
WINDOWS_MAX = 48
ZEROS = re.compile(rb"\0{16,}")
HIDDEN = b".fuse_hidden"


class Skipped(Exception):
    """The profile of this run avoids the operation in this state."""


class Timespec(ctypes.Structure):
    _fields_ = [("sec", ctypes.c_long), ("nsec", ctypes.c_long)]


def enc(raw):
    return quote_from_bytes(raw, safe="/._+:,=@#") if raw else "-"


def dec(token):
    return b"" if token == "-" else unquote_to_bytes(token)


def pattern(seed, length):
    """Bytes that differ from place to place and hold no zero, so that a hole cannot be mistaken for data."""
    return random.Random(seed).randbytes(length).replace(b"\0", b"\1")


def digest(data):
    return hashlib.blake2b(data, digest_size=4).hexdigest()


def describe(data):
    """Data as runs of zeros (z4096) and of anything else (d904:1a2b3c4d)."""
    out, at = [], 0
    for run in ZEROS.finditer(data):
        if run.start() > at:
            out.append(f"d{run.start() - at}:{digest(data[at:run.start()])}")
        out.append(f"z{run.end() - run.start()}")
        at = run.end()
    if at < len(data):
        out.append(f"d{len(data) - at}:{digest(data[at:])}")
    return ",".join(out) if len(out) <= 40 else f"runs{len(out)}:{digest(data)}"


def kind(mode):
    for name, test in (("file", stat.S_ISREG), ("dir", stat.S_ISDIR), ("link", stat.S_ISLNK), ("fifo", stat.S_ISFIFO),
                       ("sock", stat.S_ISSOCK), ("chr", stat.S_ISCHR), ("blk", stat.S_ISBLK)):
        if test(mode):
            return name
    return "unknown"


def when(nanos):
    """'now' for a time that the filesystem took itself; otherwise the exact value."""
    return "now" if abs(nanos / 1e9 - time.time()) < DAY else f"{nanos // 10**9}.{nanos % 10**9:09d}"


def attributes(st, times=True):
    out = [f"type={kind(st.st_mode)}", f"mode={stat.S_IMODE(st.st_mode):o}", f"nlink={st.st_nlink}",
           f"uid={st.st_uid}", f"gid={st.st_gid}"]
    if not stat.S_ISDIR(st.st_mode):
        out.append(f"size={st.st_size}")
    if stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
        out.append(f"rdev={os.major(st.st_rdev)}:{os.minor(st.st_rdev)}")
    if times:
        out.append(f"mtime={when(st.st_mtime_ns)}")
    return out


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def no_wait_flags(flags):
    """Descriptors never block: a fifo without a peer must not stop the agent."""
    return flags | os.O_NONBLOCK


class Agent:
    def __init__(self):
        self.root, self.slots, self.skip, self.marks, self.windows = None, {}, set(), {}, []

    # --- the run itself

    def do_root(self, directory, *features):
        """Start over in a directory of its own below DIRECTORY; what FEATURES name is skipped."""
        self.do_leave()
        self.skip, self.marks, self.windows = set(features), {}, []
        base = dec(directory)
        os.umask(0o022)
        # Four levels down, so that '..' in a symlink of the run cannot reach anything else.
        self.base = base
        self.root = os.path.join(base, b"u", b"v", b"w", b"tree")
        os.makedirs(self.root, exist_ok=True)
        os.chdir(self.root)

    def do_closeall(self):
        self.do_closeslots()
        for _, held in self.marks.values():
            os.close(held)
        self.marks = {}

    def do_closeslots(self):
        """Close what the slots hold; marks stay."""
        for fd in self.slots.values():
            os.close(fd)
        self.slots = {}

    def do_leave(self):
        """Close everything and step out of the directory; it stays as it is."""
        self.do_closeall()
        os.chdir("/")

    def do_wipe(self):
        """Leave and remove everything the run made."""
        self.do_leave()
        if self.root:
            shutil.rmtree(self.base)
        self.root = None

    def path(self, token):
        raw = dec(token)
        if "non-utf8" in self.skip:
            try:
                raw.decode("utf-8")
            except UnicodeDecodeError as e:
                raise Skipped() from e
        if raw.startswith(b"#"):
            slot, _, rest = raw[1:].partition(b"/")
            return b"/proc/self/fd/%d/%s" % (self.fd(slot.decode()), rest)
        return raw

    def fd(self, slot):
        fd = self.slots.get(slot)
        if fd is None:
            raise OSError(errno.EBADF, "")
        return fd

    def avoid(self, feature):
        if feature in self.skip:
            raise Skipped()

    def is_open(self, path):
        """Whether some slot holds the inode of PATH."""
        try:
            st = os.lstat(path)
        except OSError:
            return False
        return any(os.path.samestat(st, os.fstat(fd)) for fd in self.slots.values())

    def avoid_killpriv(self, fd):
        """A write by another that should clear setgid of a file without group execute."""
        if os.geteuid() != 0 and os.fstat(fd).st_mode & 0o2010 == 0o2000:
            self.avoid("killpriv")

    def avoid_second_name(self, path):
        """Data reached by two names at once, where the kernel keeps a page cache for each name."""
        if "link-identity" in self.skip and self.is_open(path) and os.lstat(path).st_nlink > 1:
            raise Skipped()

    def avoid_open(self, path):
        if "unlink-open" in self.skip and self.is_open(path):
            raise Skipped()

    def touched(self, offset, length):
        window = (max(0, offset - 64), min(length, 256 << 10) + 128)
        if window not in self.windows:
            self.windows = (self.windows + [window])[-WINDOWS_MAX:]

    def do_windows(self, *more):
        """The places of large files that were touched, OFFSET:LENGTH; MORE are those that another agent has touched."""
        more = [tuple(int(n) for n in place.split(":")) for place in more]
        self.windows += [place for place in more if place not in self.windows]
        return [f"{offset}:{length}" for offset, length in self.windows]

    # --- descriptors

    def do_open(self, slot, path, flags, mode):
        target = self.path(path)
        bits = 0
        for name in flags.split("+"):
            bits |= getattr(os, name)
        if bits & os.O_TMPFILE == os.O_TMPFILE:
            self.avoid("tmpfile")
        self.avoid_second_name(target)
        fd = os.open(target, no_wait_flags(bits), int(mode, 8))
        if slot in self.slots:
            os.close(self.slots[slot])
        self.slots[slot] = fd

    def do_close(self, slot):
        os.close(self.fd(slot))
        del self.slots[slot]

    def do_read(self, slot, length):
        data = os.read(self.fd(slot), int(length))
        return [f"len={len(data)}", f"data={describe(data)}"]

    def do_pread(self, slot, offset, length):
        data = os.pread(self.fd(slot), int(length), int(offset))
        return [f"len={len(data)}", f"data={describe(data)}"]

    def do_write(self, slot, length, seed):
        fd = self.fd(slot)
        self.avoid_killpriv(fd)
        if "blind-append" in self.skip:
            os.fstat(fd)
        n = os.write(fd, pattern(int(seed), int(length)))
        end = os.lseek(fd, 0, os.SEEK_CUR) if stat.S_ISREG(os.fstat(fd).st_mode) else n
        self.touched(end - n, n)
        return [f"len={n}", f"end={end}"]

    def do_pwrite(self, slot, offset, length, seed):
        self.avoid_killpriv(self.fd(slot))
        n = os.pwrite(self.fd(slot), pattern(int(seed), int(length)), int(offset))
        self.touched(int(offset), n)
        return [f"len={n}"]

    def do_lseek(self, slot, offset, whence):
        fd = self.fd(slot)
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise Skipped()  # where a directory ends is its filesystem's own business
        if whence in ("3", "4") and stat.S_ISREG(os.fstat(fd).st_mode):
            return self.seek_hole(fd, int(offset), int(whence))
        return [f"at={os.lseek(fd, int(offset), int(whence))}"]

    def seek_hole(self, fd, offset, whence):
        """A filesystem may know fewer holes than another, so what was passed over is judged: holes must read as zeros."""
        position, size = os.lseek(fd, 0, os.SEEK_CUR), os.fstat(fd).st_size
        try:
            at = os.lseek(fd, offset, whence)
        except OSError as e:
            if e.errno != errno.ENXIO or offset >= size or whence == os.SEEK_HOLE:
                raise
            at = size
        os.lseek(fd, position, os.SEEK_SET)
        passed = os.pread(fd, min(at - offset, 1 << 20), offset) if whence == os.SEEK_DATA else os.pread(fd, 1, at)
        return [f"right={offset <= at <= size and not passed.strip(bytes(1))}"]

    def do_ftruncate(self, slot, size):
        self.avoid_killpriv(self.fd(slot))
        os.ftruncate(self.fd(slot), int(size))
        self.touched(int(size), 0)

    def do_fallocate(self, slot, mode, offset, length):
        if int(mode) & 0x10:
            self.avoid("zero-range")
        self.avoid_killpriv(self.fd(slot))
        check(LIBC.fallocate(self.fd(slot), int(mode), ctypes.c_long(int(offset)), ctypes.c_long(int(length))))
        self.touched(int(offset), 0)
        self.touched(int(offset) + int(length), 0)

    def do_copy(self, source, source_offset, target, target_offset, length):
        """copy_file_range; may be short, so it is repeated, and only the sum is told."""
        todo, done = int(length), 0
        if source != target and os.path.samestat(os.fstat(self.fd(source)), os.fstat(self.fd(target))):
            self.avoid("link-identity")
        while todo > 0:
            n = os.copy_file_range(self.fd(source), self.fd(target), todo, int(source_offset) + done, int(target_offset) + done)
            if n == 0:
                break
            done, todo = done + n, todo - n
        self.touched(int(target_offset), done)
        return [f"len={done}"]

    def do_mmap(self, slot, offset, length, seed):
        """Write through a shared mapping of existing bytes, and read back through the mapping."""
        fd = self.fd(slot)
        self.avoid("mmap")
        if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_APPEND:
            self.avoid("mmap-append")
        size = os.fstat(fd).st_size
        start, end = min(int(offset), size), min(int(offset) + int(length), size)
        if end <= start or not stat.S_ISREG(os.fstat(fd).st_mode):
            return ["len=0"]
        low = start - start % mmap.PAGESIZE
        with mmap.mmap(fd, end - low, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=low) as m:
            m[start - low:end - low] = pattern(int(seed), end - start)
            m.flush()
            self.touched(start, end - start)
            return [f"len={end - start}", f"data={describe(bytes(m))}"]

    def do_fsync(self, slot):
        if stat.S_ISDIR(os.fstat(self.fd(slot)).st_mode):
            self.avoid("fsync-dir")
        os.fsync(self.fd(slot))

    def do_fdatasync(self, slot):
        if stat.S_ISDIR(os.fstat(self.fd(slot)).st_mode):
            self.avoid("fsync-dir")
        os.fdatasync(self.fd(slot))

    def do_fstat(self, slot):
        return attributes(os.fstat(self.fd(slot)))

    def do_fchmod(self, slot, mode):
        os.fchmod(self.fd(slot), int(mode, 8))

    def do_fchown(self, slot, uid, gid):
        os.fchown(self.fd(slot), int(uid), int(gid))

    # --- names

    def do_mkdir(self, path, mode):
        os.mkdir(self.path(path), int(mode, 8))

    def do_mknod(self, path, type_, mode, device):
        bits = {"file": stat.S_IFREG, "fifo": stat.S_IFIFO, "sock": stat.S_IFSOCK, "chr": stat.S_IFCHR, "blk": stat.S_IFBLK}[type_]
        os.mknod(self.path(path), bits | int(mode, 8), int(device))

    def do_symlink(self, target, path):
        os.symlink(dec(target), self.path(path))

    def do_readlink(self, path):
        return [f"target={enc(os.readlink(self.path(path)))}"]

    def do_link(self, source, target):
        a, b = self.path(source), self.path(target)
        if not stat.S_ISREG(os.lstat(a).st_mode) and not stat.S_ISDIR(os.lstat(a).st_mode):
            self.avoid("link-identity")
        os.link(a, b, follow_symlinks=False)

    def do_flink(self, slot, target):
        """linkat(2) of what a descriptor has open: how a file that was made without a name gets one."""
        self.avoid("tmpfile")
        source = f"/proc/self/fd/{self.fd(slot)}".encode()
        check(LIBC.linkat(AT_FDCWD, source, AT_FDCWD, os.fsencode(self.path(target)), AT_SYMLINK_FOLLOW))

    def do_unlink(self, path):
        target = self.path(path)
        self.avoid_open(target)
        os.unlink(target)

    def do_rmdir(self, path):
        target = self.path(path)
        self.avoid_open(target)
        os.rmdir(target)

    def look(self, *paths):
        """Look at what is about to be renamed, as mv does."""
        if "blind-rename" in self.skip:
            for path in paths:
                os.path.lexists(path)

    def do_rename(self, source, target):
        a, b = self.path(source), self.path(target)
        self.look(a, b)
        self.avoid_open(b)
        os.rename(a, b)

    def do_renameat2(self, source, target, flags):
        if flags != "0":
            self.avoid("rename-flags")
        a, b = self.path(source), self.path(target)
        self.look(a, b)
        self.avoid_open(b)
        check(LIBC.renameat2(AT_FDCWD, a, AT_FDCWD, b, int(flags)))

    def do_readdir(self, path):
        with os.scandir(self.path(path)) as entries:
            found = sorted((e.name, self.entry_kind(e)) for e in entries if not e.name.startswith(HIDDEN))
        return [f"n={len(found)}"] + [f"{enc(name)}={what}" for name, what in found]

    @staticmethod
    def entry_kind(entry):
        if entry.is_symlink():
            return "link"
        return "dir" if entry.is_dir(follow_symlinks=False) else "other"

    def do_many(self, path, count, length):
        """COUNT empty files with long names, so that a listing needs several reads of the directory."""
        base = self.path(path)
        for i in range(int(count)):
            os.close(os.open(os.path.join(base, b"m%05d" % i + b"n" * int(length)), os.O_WRONLY | os.O_CREAT, 0o644))

    def do_purge(self, path):
        """Remove those files while listing them: each must be met, whatever goes away meanwhile."""
        base, removed = self.path(path), 0
        with os.scandir(base) as entries:
            for e in entries:
                if re.match(rb"m\d{5}n", e.name):
                    os.unlink(os.path.join(base, e.name))
                    removed += 1
        left = sum(1 for name in os.listdir(base) if re.match(rb"m\d{5}n", name))
        return [f"removed={removed}", f"left={left}"]

    # --- attributes by name

    def do_lstat(self, path):
        return attributes(os.lstat(self.path(path)))

    def do_stat(self, path):
        return attributes(os.stat(self.path(path)))

    def do_access(self, path, mode):
        return [f"allowed={os.access(self.path(path), int(mode), effective_ids=True)}"]

    def do_chmod(self, path, mode):
        os.chmod(self.path(path), int(mode, 8))

    def do_lchown(self, path, uid, gid):
        os.lchown(self.path(path), int(uid), int(gid))

    def do_truncate(self, path, size):
        target = self.path(path)
        self.avoid_second_name(target)
        os.truncate(target, int(size))
        self.touched(int(size), 0)

    def do_utimes(self, path, atime, mtime):
        """utimensat without following links; a time is now, omit or seconds.nanos. Tells what a stat sees at once."""
        if "omit" in (atime, mtime):
            self.avoid("utime-omit")
        target = self.path(path)
        times = (Timespec * 2)(self.timespec(atime), self.timespec(mtime))
        check(LIBC.utimensat(AT_FDCWD, target, times, AT_SYMLINK_NOFOLLOW))
        st = os.lstat(target)
        seen = "-" if atime == "omit" else when(st.st_atime_ns)
        return [f"atime={seen}", f"mtime={when(st.st_mtime_ns)}"]

    @staticmethod
    def timespec(text):
        if text in UTIME:
            return Timespec(*UTIME[text])
        sec, nsec = text.split(".")
        return Timespec(int(sec), int(nsec))

    def do_mark(self, path):
        """Set a known mtime and let the clock of timestamps go on, so that 'times' can tell what a call changed."""
        target = self.path(path)
        os.utime(target, ns=(MARK_NS, MARK_NS), follow_symlinks=False)
        st = os.lstat(target)
        end = time.monotonic() + 1
        while time.clock_gettime_ns(CLOCK_REALTIME_COARSE) <= st.st_ctime_ns and time.monotonic() < end:
            time.sleep(0.001)
        # Held, so that its inode number is not given to another file meanwhile.
        held = os.open(target, os.O_PATH | os.O_NOFOLLOW)
        if path in self.marks:
            os.close(self.marks[path][1])
        self.marks[path] = (st, held)

    def do_times(self, path):
        st, (marked, _) = os.lstat(self.path(path)), self.marks.get(path, (None, None))
        m = "marked" if st.st_mtime_ns == MARK_NS else when(st.st_mtime_ns)
        if marked is None or not os.path.samestat(st, marked):
            return [f"mtime={m}", "ctime=unmarked"]
        c = st.st_ctime_ns - marked.st_ctime_ns
        return [f"mtime={m}", "ctime=" + ("same" if c == 0 else "later" if c > 0 else "earlier")]

    def do_umask(self, mode):
        os.umask(int(mode, 8))

    def xattr_name(self, token):
        if not re.match(r"user\..", token):
            self.avoid("odd-xattr")
        return dec(token)

    def do_setxattr(self, path, name, length, seed, flags):
        os.setxattr(self.path(path), self.xattr_name(name), pattern(int(seed), int(length)), int(flags), follow_symlinks=False)

    def do_getxattr(self, path, name):
        value = os.getxattr(self.path(path), self.xattr_name(name), follow_symlinks=False)
        return [f"len={len(value)}", f"data={describe(value)}"]

    def do_removexattr(self, path, name):
        os.removexattr(self.path(path), self.xattr_name(name), follow_symlinks=False)

    def do_listxattr(self, path):
        return [f"names={','.join(self.xattrs(self.path(path)))}"]

    @staticmethod
    def xattrs(path):
        return sorted(n for n in os.listxattr(path, follow_symlinks=False) if n.startswith(("user.", "system.posix_acl_")))

    def do_setacl(self, path, kind, entries):
        """Entries are TAG:RIGHTS:ID, with commas between them; none takes the list away."""
        self.avoid("acl")
        target, name = self.path(path), f"system.posix_acl_{kind}"
        if entries == "none":
            os.removexattr(target, name, follow_symlinks=False)
            return
        packed = b"".join(struct.pack("<HHi", *map(int, entry.split(":"))) for entry in entries.split(","))
        os.setxattr(target, name, struct.pack("<I", 2) + packed, follow_symlinks=False)

    def do_getacl(self, path, kind):
        self.avoid("acl")
        value = os.getxattr(self.path(path), f"system.posix_acl_{kind}", follow_symlinks=False)
        return [f"data={value.hex()}"]

    # --- several calls in one, for checks between mounts

    def regular(self, path, flags):
        target = self.path(path)
        self.avoid_second_name(target)
        fd = os.open(target, no_wait_flags(flags), 0o644)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise Skipped()
        return fd

    def do_put(self, path, length, seed):
        """Create or truncate, write, close."""
        fd = self.regular(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            data = memoryview(pattern(int(seed), int(length)))
            while data:
                data = data[os.write(fd, data):]
        finally:
            os.close(fd)

    def do_append(self, path, length, seed):
        fd = self.regular(path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(fd, pattern(int(seed), int(length)))
            self.touched(os.fstat(fd).st_size - int(length), int(length))
        finally:
            os.close(fd)

    def do_get(self, path):
        """Open, read to the end (of a huge sparse file the places touched), close."""
        fd = self.regular(path, os.O_RDONLY)
        try:
            return [f"data={self.content(fd)}"]
        finally:
            os.close(fd)

    # --- the whole tree

    def do_dump(self):
        """Every name below the root with attributes, xattrs, link target and contents, sorted."""
        out, first = [], {}
        for path in sorted(self.walk(b".")):
            st = os.lstat(path)
            fields = attributes(st)
            if stat.S_ISLNK(st.st_mode):
                fields.append(f"target={enc(os.readlink(path))}")
            elif not stat.S_ISDIR(st.st_mode) and st.st_nlink > 1:
                fields.append(f"same={enc(first.setdefault((st.st_dev, st.st_ino), path))}")
            if stat.S_ISREG(st.st_mode) and not self.reached_twice(path, st):
                fields.append(f"data={self.content_of(path)}")
            for name in self.xattrs(path):
                fields.append(f"{name}={digest(os.getxattr(path, name, follow_symlinks=False))}")
            out.append(f"{enc(path)}=" + ";".join(fields))
        return out

    def walk(self, top):
        yield top
        with os.scandir(top) as entries:
            found = [(e.path, e.is_dir(follow_symlinks=False)) for e in entries if not e.name.startswith(HIDDEN)]
        for path, is_dir in found:
            if is_dir:
                yield from self.walk(path)
            else:
                yield path

    def reached_twice(self, path, st):
        return "link-identity" in self.skip and st.st_nlink > 1 and self.is_open(path)

    def content_of(self, path):
        fd = os.open(path, os.O_RDONLY)
        try:
            return self.content(fd)
        finally:
            os.close(fd)

    def content(self, fd):
        """All of a small file up to its end; of a large sparse one the places that the run has touched."""
        size = os.fstat(fd).st_size
        if size <= WHOLE_MAX:
            return describe(self.read_all(fd, 0, WHOLE_MAX))
        windows = sorted(w for w in set(self.windows) if w[0] < size)
        return "|".join(f"{at}:{describe(self.read_all(fd, at, n))}" for at, n in windows)

    @staticmethod
    def read_all(fd, offset, length):
        data = b""
        while len(data) < length and (part := os.pread(fd, length - len(data), offset + len(data))):
            data += part
        return data

    # --- one line

    def answer(self, line):
        tokens = line.split(" ")
        user = int(tokens.pop(0)[1:]) if tokens[0].startswith("@") else None
        verb = getattr(self, "do_" + tokens[0])
        try:
            if user is None:
                fields = verb(*tokens[1:])
            else:
                fields = self.as_user(user, lambda: verb(*tokens[1:]))
            return " ".join(["OK"] + (fields or []))
        except Skipped:
            return "SKIPPED"
        except OSError as e:
            return errno.errorcode.get(e.errno, str(e.errno))

    @staticmethod
    def as_user(user, call):
        if os.getuid() != 0:
            raise Skipped()
        os.setgroups([])
        os.setegid(user)
        os.seteuid(user)
        try:
            return call()
        finally:
            os.seteuid(0)
            os.setegid(0)


def main():
    agent = Agent()
    for line in sys.stdin:
        try:
            answer = agent.answer(line.rstrip("\n"))
        except Exception as e:  # a fault of the agent or of the line, not of the filesystem: say so, and go on
            answer = "AGENT-FAULT " + quote_from_bytes(repr(e).encode())
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


main()
