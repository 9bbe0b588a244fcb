"""What a test is given: two ways into one fresh directory, assertions that are counted, other callers, other processes.

A test acts on here(name) and looks at there(name). They are the same place unless the suite was told of another mount of the tree.
"""
import contextlib
import errno
import os
import pickle
import select
import signal
import socket
import stat
import sys
import traceback
from collections import namedtuple

KINDS = ("file", "dir", "symlink", "fifo", "socket", "char", "block")
NULL = os.makedev(1, 3)
NO_DRIVER = os.makedev(7, 250)  # opening it would find no device, and no test does

User = namedtuple("User", "uid gid groups", defaults=((),))
ALICE = User(30001, 30001)
BOB = User(30002, 30002)
CAROL = User(30003, 30003)
TEAM = 30100  # a group that nobody has as the first one

ST_NOSUID, ST_NODEV, ST_NOEXEC, ST_NOATIME = 2, 4, 8, 1024


class Skipped(Exception):
    """The surroundings lack what the test needs; says what."""


class Ended(Exception):
    """An assertion failed without which the rest of the test has no meaning."""


def name_of(error):
    """Of errors with two names that which the manual pages use."""
    usual = {errno.EOPNOTSUPP: "EOPNOTSUPP", errno.EAGAIN: "EAGAIN", errno.EDEADLK: "EDEADLK"}
    return usual.get(error.errno) or errno.errorcode.get(error.errno, str(error.errno))


def outcome(call, *args, **named):
    """'ok', or the name of the error that the call answers."""
    try:
        call(*args, **named)
    except OSError as e:
        return name_of(e)
    return "ok"


def become(user):
    os.setgroups(list(user.groups))
    os.setresgid(user.gid, user.gid, user.gid)
    os.setresuid(user.uid, user.uid, user.uid)


def in_child(call, user=None):
    """Calls it in a forked process, as that user; returns what it returns and raises the OSError that it raises."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _answer_and_exit(call, user, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as f:
        data = f.read()
    _, status = os.waitpid(pid, 0)
    if not data:
        raise RuntimeError(f"the child ended with status {status} and no answer")
    return _taken(data)


def _attempt(call):
    """The answer of a call as a pair that can be sent to another process."""
    try:
        return "ok", call()
    except OSError as e:
        return "errno", e.errno
    except BaseException:
        return "error", traceback.format_exc()


def _taken(data):
    """What such a call returned; raises what it raised."""
    kind, value = pickle.loads(data)
    if kind == "errno":
        raise OSError(value, os.strerror(value))
    if kind == "error":
        raise RuntimeError(value)
    return value


def _answer_and_exit(call, user, fd):
    def run():
        if user is not None:
            become(user)
        return call()
    with os.fdopen(fd, "wb") as f:
        f.write(pickle.dumps(_attempt(run)))
    os._exit(0)


class Peer:
    """Another process that runs a generator, one step each time it is told to; what it yields is the answer."""

    def __init__(self, steps, user=None):
        self.socket, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self.socket.close()
            self._serve(theirs, steps, user)
        theirs.close()

    @staticmethod
    def _serve(connection, steps, user):
        if user is not None:
            become(user)
        generator = steps()
        while connection.recv(1):
            answer = _attempt(lambda: next(generator, None))
            connection.sendall(pickle.dumps(answer))
        os._exit(0)

    def begin(self):
        """Begins the next step and does not wait for it."""
        self.socket.sendall(b".")

    def is_waiting(self, seconds=0.15):
        """True if the step that was begun gives no answer meanwhile."""
        return not select.select([self.socket], [], [], seconds)[0]

    def answer(self, seconds=20):
        """What the step yielded; it fails if nothing comes in time."""
        if self.is_waiting(seconds):
            raise TimeoutError(errno.ETIMEDOUT, "the other process does not answer")
        data = self.socket.recv(1 << 16)
        if not data:
            raise RuntimeError("the other process has ended")
        return _taken(data)

    def step(self):
        self.begin()
        return self.answer()

    def kill(self, number=signal.SIGKILL):
        os.kill(self.pid, number)

    def end(self):
        """Ends the process, and with it its descriptors and locks."""
        self.socket.close()
        self.kill()
        os.waitpid(self.pid, 0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Test:
    def __init__(self, acting, looking, clock, tell):
        self.acting, self.looking, self.clock, self.tell = acting, looking, clock, tell
        self.assertions = 0
        self.two_mounts = acting != looking

    # Where

    def here(self, name=""):
        """The path to act on."""
        return os.path.join(self.acting, os.fsdecode(name)) if name else self.acting

    def there(self, name=""):
        """The path to look at."""
        return os.path.join(self.looking, os.fsdecode(name)) if name else self.looking

    # Assertions: each call counts as one, and what comes first is the expectation in words

    def equal(self, what, seen, expected):
        self.assertions += 1
        if seen != expected:
            self._fail(what, f"expected {_short(expected)}, saw {_short(seen)}")
            return False
        return True

    def true(self, what, holds, seen=""):
        self.assertions += 1
        if not holds:
            self._fail(what, f"saw {_short(seen)}" if seen != "" else "does not hold")
        return bool(holds)

    def fails(self, what, expected, call, *args, **named):
        """The call answers the error of that name; 'A|B' allows either."""
        seen = outcome(call, *args, **named)
        self.assertions += 1
        if seen not in expected.split("|"):
            self._fail(what, f"expected {expected}, saw {seen}")

    def works(self, what, call, *args, **named):
        """The call raises no error; the test ends if it does. Returns what the call does."""
        self.assertions += 1
        try:
            return call(*args, **named)
        except OSError as e:
            self._fail(what, f"expected success, saw {name_of(e)}")
            raise Ended from e

    def absent(self, what, name):
        self.fails(f"{what}: {name!r} is absent", "ENOENT", os.lstat, self.there(name))

    def present(self, what, name):
        self.equal(f"{what}: {name!r} is there", outcome(os.lstat, self.there(name)), "ok")

    def content(self, what, name, expected):
        self.equal(f"{what}: content of {name!r}", self.read(name), expected)

    def mode(self, what, name, expected):
        self.equal(f"{what}: mode of {name!r}", oct(self.permissions(name)), oct(expected))

    def _fail(self, what, seen):
        frame = sys._getframe(2)
        while frame.f_back and "/groups/" not in frame.f_code.co_filename:
            frame = frame.f_back
        self.tell({"what": what, "seen": seen, "line": frame.f_lineno})

    # Acts

    def write(self, name, data=b"", mode=0o644):
        """Makes a file with that content and mode, whatever the umask is."""
        fd = os.open(self.here(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        try:
            os.fchmod(fd, mode)
            while data:
                data = data[os.write(fd, data):]
        finally:
            os.close(fd)
        return self.here(name)

    def mkdir(self, name, mode=0o755):
        os.mkdir(self.here(name))
        os.chmod(self.here(name), mode)
        return self.here(name)

    def make(self, kind, name):
        """Makes something of one of KINDS; a link dangles."""
        path = self.here(name)
        if kind == "file":
            self.write(name, kind.encode())
        elif kind == "dir":
            self.mkdir(name)
        elif kind == "symlink":
            os.symlink("nowhere", path)
        else:
            types = {"fifo": stat.S_IFIFO, "socket": stat.S_IFSOCK, "char": stat.S_IFCHR, "block": stat.S_IFBLK}
            os.mknod(path, types[kind] | 0o644, {"char": NULL, "block": NO_DRIVER}.get(kind, 0))
        return path

    @contextlib.contextmanager
    def opened(self, name, flags=os.O_RDWR, mode=0o644):
        fd = os.open(self.here(name), flags, mode)
        try:
            yield fd
        finally:
            os.close(fd)

    # Looks

    def stat(self, name=""):
        return os.lstat(self.there(name))

    def permissions(self, name=""):
        return stat.S_IMODE(self.stat(name).st_mode)

    def size(self, name):
        return self.stat(name).st_size

    def read(self, name):
        with open(self.there(name), "rb") as f:
            return f.read()

    def names(self, name=""):
        return sorted(os.listdir(self.there(name)))

    def kind(self, name):
        kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket",
                 stat.S_IFCHR: "char", stat.S_IFBLK: "block"}
        return kinds[stat.S_IFMT(self.stat(name).st_mode)]

    # Surroundings

    def kinds(self):
        """The kinds that this caller can make: devices are for root."""
        return KINDS if os.geteuid() == 0 else KINDS[:5]

    def needs_root(self):
        if os.geteuid() != 0:
            raise Skipped("needs root")

    def needs_callers(self):
        """Other users can act here: needs root, and a way that they can search."""
        self.needs_root()
        for path in {self.acting, self.looking}:
            if outcome(in_child, lambda path=path: os.stat(path), ALICE) != "ok":
                raise Skipped(f"other users cannot reach {path}")

    def needs_flag_off(self, flag, name):
        if os.statvfs(self.acting).f_flag & flag:
            raise Skipped(f"mounted with {name}")

    def tick(self):
        """Waits until the clock of the filesystem has moved on, and returns its time in nanoseconds."""
        first = self._stamp()
        while self._stamp() <= first:
            pass
        return self._stamp()

    def _stamp(self):
        os.utime(self.clock)
        return os.stat(self.clock).st_mtime_ns


def _short(value):
    text = repr(value)
    return text if len(text) <= 200 else text[:120] + f"… ({len(text)} characters)"
