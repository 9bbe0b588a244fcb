"""A client of the consistency kit: one system call after the other on one mount, each with the time before and after.

  client.py run MOUNT WORKLOAD CLIENT HISTORY SEED START_NS KEYS GENERATIONS PERIOD_MS PACE_MS COMPLETE SHARE    until stdin ends
  client.py prepare MOUNT WORKLOAD GENERATIONS KEYS                                       directories and files of all keys
  client.py look MOUNT WORKLOAD CLIENT HISTORY GENERATIONS KEYS                           one look at every key

A history has two lines an operation, the second missing when the call did not come back:

  B seq nanoseconds verb key argument        before the first system call
  E seq nanoseconds answer value             after the last; nanoseconds of CLOCK_MONOTONIC, the same in all processes

  answer   OK, an errno that the verb may rightly give, '?' (failed, and may have taken effect then or later),
           or NONE (failed before anything that has an effect); with the last two the value is the errno

COMPLETE says when an operation is: sync, when its file or directory is synced, or call, when the calls have returned, and
then what a mount has not synced is lost with its node, as on a local disk. SHARE says which mounts work on a file's data: all,
or one; until the last look, which is at everything.

Keys are used for PERIOD_MS and then left for others, so that every history stays short; the last look is at all of them.
"""
import errno
import os
import random
import select
import sys
import time

TAKEN_AWAY = (errno.ENOTCONN, errno.ECONNABORTED, errno.ENODEV)
NAMES = ("a", "b", "c")
COMMON = ("c0", "c1", "c2")
DATA = ("register", "slots", "append")
SLOTS = 2
RECORD = 16


class Away(OSError):
    """Nothing is mounted where the mount should be."""


class Gone(OSError):
    """An open file cannot be read any more: its mount's session ended, and the file was replaced. Opening one never fails so."""


class Client:
    def __init__(self, mount, number, history, seed, complete="sync"):
        self.mount, self.number, self.random = mount, number, random.Random(f"{seed}/{number}")
        self.syncs = complete == "sync"
        self.history = open(history, "a", buffering=1, encoding="ascii")
        self.outside = os.stat(os.path.dirname(mount)).st_dev
        self.root, self.sequence, self.attempted, self.open_files = None, 0, False, {}

    # --- the mount

    def directory(self):
        """A descriptor of the mount's root; never one of the bare directory below a mount that is gone."""
        if self.root is None:
            fd = os.open(self.mount, os.O_RDONLY | os.O_DIRECTORY)
            if os.fstat(fd).st_dev == self.outside:
                os.close(fd)
                raise Away(errno.ENODEV, "")
            self.root = fd
        return self.root

    def leave(self):
        for fd in [*self.open_files.values(), self.root]:
            if fd is not None:
                try:
                    os.close(fd)
                except OSError:
                    pass  # a dead mount's descriptor
        self.open_files, self.root = {}, None

    def open(self, path, flags, mode=0o644):
        return os.open(path, flags, mode, dir_fd=self.directory())

    def sync(self, directory):
        """The names of a directory, on stable storage."""
        if self.syncs:
            fd = self.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    # --- one operation

    def unique(self):
        return f"{self.number}{self.sequence:06d}"

    def do(self, verb, key, argument, call, legitimate=()):
        """Runs call, which answers a value; whether that was certain is written behind it."""
        self.sequence += 1
        self.attempted = False
        self.history.write(f"B {self.sequence} {time.monotonic_ns()} {verb} {key} {argument or '-'}\n")
        try:
            answer, value = "OK", call()
        except OSError as e:
            name = "GONE" if isinstance(e, Gone) else errno.errorcode.get(e.errno, str(e.errno))
            if e.errno in TAKEN_AWAY:
                self.leave()
            if name in legitimate:
                answer, value = name, "-"
            else:
                answer, value = ("?" if self.attempted else "NONE"), name
        self.history.write(f"E {self.sequence} {time.monotonic_ns()} {answer} {value or '-'}\n")
        if answer in ("?", "NONE"):
            time.sleep(0.05)
        return answer, value

    # --- register: a whole file, written beside and renamed over

    def register(self, key):
        if self.random.random() < 0.4:
            value = self.unique()
            self.do("write", key, value, lambda: self.replace(key, value))
        else:
            self.look_register(key)

    def replace(self, key, value):
        beside = f"register/.{value}"
        fd = self.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            os.write(fd, value.encode())
            if self.syncs:
                os.fsync(fd)
        finally:
            os.close(fd)
        self.attempted = True
        os.rename(beside, f"register/{key}", src_dir_fd=self.directory(), dst_dir_fd=self.directory())
        self.sync("register")

    def look_register(self, key):
        self.do("read", key, "", lambda: self.content(f"register/{key}").decode(), ("ENOENT",))

    def read(self, fd, size, at):
        try:
            return os.pread(fd, size, at)
        except OSError as e:
            raise Gone(e.errno, e.strerror) if e.errno == errno.ESTALE else e

    def content(self, path):
        fd = self.open(path, os.O_RDONLY)
        try:
            data = b""
            while chunk := self.read(fd, 65536, len(data)):
                data += chunk
            return data
        finally:
            os.close(fd)

    # --- slots: eight bytes written in place

    def slots(self, key):
        slot = self.random.randrange(SLOTS)
        if self.random.random() < 0.5:
            value = self.unique()
            self.do("write", f"{key}:{slot}", value, lambda: self.write_slot(key, slot, value))
        else:
            self.look_slot(key, slot)

    def write_slot(self, key, slot, value):
        data = int(value).to_bytes(8, "big")
        self.put(f"slots/{key}", os.O_WRONLY, lambda fd: os.pwrite(fd, data, 8 * slot))

    def put(self, path, flags, write):
        """Writes through a descriptor that stays open, or through one of its own."""
        stays = self.random.random() < 0.5
        if stays:
            if path not in self.open_files:
                self.open_files[path] = self.open(path, flags)
            fd = self.open_files[path]
        else:
            fd = self.open(path, flags)
        try:
            self.attempted = True
            write(fd)
            if self.syncs:
                os.fsync(fd)
        finally:
            if not stays:
                os.close(fd)

    def look_slot(self, key, slot):
        def read():
            fd = self.open(f"slots/{key}", os.O_RDONLY)
            try:
                data = self.read(fd, 8, 8 * slot)
                return str(int.from_bytes(data, "big")) if len(data) == 8 else f"short{len(data)}"
            finally:
                os.close(fd)
        self.do("read", f"{key}:{slot}", "", read)

    # --- append: records at the end of a file

    def append(self, key):
        if self.random.random() < 0.5:
            value = self.unique()
            self.do("append", key, value, lambda: self.append_record(key, value))
        else:
            self.look_append(key)

    def append_record(self, key, value):
        record = f"{value:0>{RECORD - 1}}\n".encode()
        self.put(f"append/{key}", os.O_WRONLY | os.O_APPEND, lambda fd: os.write(fd, record))

    def look_append(self, key):
        def read():
            data = self.content(f"append/{key}")
            records = [data[i:i + RECORD] for i in range(0, len(data), RECORD)]
            return ",".join(r[:-1].decode().lstrip("0") if len(r) == RECORD and r.endswith(b"\n") and r[:-1].isdigit()
                            else "torn" + r.hex() for r in records)
        self.do("read", key, "", read)

    # --- set: names in a directory

    def set(self, key):
        draw, name = self.random.random(), self.random.choice(COMMON)
        if draw < 0.25:
            name = "e" + self.unique()
            self.do("add", key, name, lambda: self.create(f"set/{key}/{name}"), ("EEXIST",))
        elif draw < 0.45:
            self.do("add", key, name, lambda: self.create(f"set/{key}/{name}"), ("EEXIST",))
        elif draw < 0.6:
            self.do("remove", key, name, lambda: self.unlink(f"set/{key}/{name}"), ("ENOENT",))
        else:
            self.look_set(key)

    def create(self, path):
        self.directory()
        self.attempted = True
        os.close(self.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        self.sync(os.path.dirname(path))

    def unlink(self, path):
        root = self.directory()
        self.attempted = True
        os.unlink(path, dir_fd=root)
        self.sync(os.path.dirname(path))

    def look_set(self, key):
        def read():
            fd = self.open(f"set/{key}", os.O_RDONLY | os.O_DIRECTORY)
            try:
                return ",".join(sorted(n for n in os.listdir(fd) if not n.startswith(".fuse_hidden")))
            finally:
                os.close(fd)
        self.do("list", key, "", read)

    # --- names: directories and symlinks over few names, moved over each other

    def names(self, key):
        draw, n = self.random.random(), self.random.choice(NAMES)
        path = f"names/{key}/{n}"
        if draw < 0.15:
            self.do("mkdir", key, n, lambda: self.mkdir(path), ("EEXIST",))
        elif draw < 0.3:
            self.do("rmdir", key, n, lambda: self.rmdir(path), ("ENOENT", "ENOTDIR"))
        elif draw < 0.45:
            value = self.unique()
            self.do("link", key, f"{n},{value}", lambda: self.symlink(value, path), ("EEXIST",))
        elif draw < 0.55:
            self.do("unlink", key, n, lambda: self.unlink(path), ("ENOENT", "EISDIR"))
        elif draw < 0.7:
            m = self.random.choice([other for other in NAMES if other != n])
            self.do("rename", key, f"{n},{m}", lambda: self.rename(path, f"names/{key}/{m}"), ("ENOENT", "ENOTDIR", "EISDIR"))
        else:
            self.look_name("look", f"names/{key}/{n}", key, n)

    def mkdir(self, path):
        root = self.directory()
        self.attempted = True
        os.mkdir(path, dir_fd=root)
        self.sync(os.path.dirname(path))

    def rmdir(self, path):
        root = self.directory()
        self.attempted = True
        os.rmdir(path, dir_fd=root)
        self.sync(os.path.dirname(path))

    def symlink(self, value, path):
        root = self.directory()
        self.attempted = True
        os.symlink(value, path, dir_fd=root)
        self.sync(os.path.dirname(path))

    def rename(self, source, target):
        root = self.directory()
        self.attempted = True
        os.rename(source, target, src_dir_fd=root, dst_dir_fd=root)
        self.sync(os.path.dirname(target))

    def look_name(self, verb, path, key, argument):
        return self.do(verb, key, argument, lambda: os.readlink(path, dir_fd=self.directory()), ("ENOENT", "EINVAL"))

    # --- locks: a symlink that says whose it is, made by one and removed by the same

    def locks(self, key):
        path = f"locks/{key}"
        answer, owner = self.look_name("holder", path, key, "")
        if answer == "OK" and owner.startswith(self.number):
            self.do("release", key, owner, lambda: self.unlink(path), ("ENOENT",))
        elif answer == "ENOENT":
            value = self.unique()
            taken, _ = self.do("acquire", key, value, lambda: self.symlink(value, path), ("EEXIST",))
            if taken == "OK":
                time.sleep(self.random.random() * 0.01)
                self.do("release", key, value, lambda: self.unlink(path), ("ENOENT",))


WORKLOADS = ("register", "slots", "append", "set", "names", "locks")


def key_name(generation, k):
    return f"g{generation}-{k}"


def run(mount, workload, number, history, seed, start, keys, generations, period_ms, pace_ms, complete, share):
    client = Client(mount, number, history, seed, complete)
    step, start, keys, period, pace = getattr(client, workload), int(start), int(keys), int(period_ms) * 10**6, float(pace_ms) / 1000
    while not select.select([sys.stdin], [], [], client.random.expovariate(1) * pace)[0]:
        k = client.random.randrange(keys)
        if share == "one" and workload in DATA:
            k = k // 3 * 3 + int(number[0]) % 3
        # The keys change one after the other, so that there is always one in the middle of its time.
        generation = (time.monotonic_ns() - start + k * period // keys) // period
        step(key_name(min(generation, int(generations) - 1), k))
    client.leave()


def prepare(mount, workload, generations, keys):
    base = os.open(mount, os.O_RDONLY)
    os.mkdir(workload, dir_fd=base)
    for path in (f"{workload}/{key_name(g, k)}" for g in range(int(generations)) for k in range(int(keys))):
        if workload in ("set", "names"):
            os.mkdir(path, dir_fd=base)
        elif workload in ("slots", "append"):
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=base)
            if workload == "slots":
                os.write(fd, bytes(8 * SLOTS))
            os.close(fd)


def look(mount, workload, number, history, generations, keys):
    client = Client(mount, number, history, 0)
    for key in (key_name(g, k) for g in range(int(generations)) for k in range(int(keys))):
        if workload == "slots":
            for slot in range(SLOTS):
                client.look_slot(key, slot)
        elif workload == "names":
            for n in NAMES:
                client.look_name("look", f"names/{key}/{n}", key, n)
        elif workload == "locks":
            client.look_name("holder", f"locks/{key}", key, "")
        else:
            getattr(client, "look_" + workload)(key)


{"run": run, "prepare": prepare, "look": look}[sys.argv[1]](*sys.argv[2:])
