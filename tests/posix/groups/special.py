"""mknod, mkfifo, sockets: POSIX.1-2017 mknod(), mkfifo(), Linux mknod(2), fifo(7), unix(7)."""
import os
import socket
import stat

from fixture import ALICE, BOB, NULL, Peer, in_child, outcome


def mknod_makes_what_it_is_told(t):
    t.needs_root()
    for kind, bits, number in (("file", stat.S_IFREG, 0), ("fifo", stat.S_IFIFO, 0), ("socket", stat.S_IFSOCK, 0), ("char", stat.S_IFCHR, NULL), ("block", stat.S_IFBLK, NULL)):
        t.works(f"mknod of a {kind}", os.mknod, t.here(kind), bits | 0o640, number)
        t.equal(f"kind of a {kind}", t.kind(kind), kind)
        t.mode(f"mknod of a {kind}", kind, 0o640)
        t.equal(f"number of a {kind}", t.stat(kind).st_rdev, number)


def mknod_without_a_type_makes_a_file(t):
    t.works("mknod of mode 600", os.mknod, t.here("f"), 0o600)
    t.equal("kind", t.kind("f"), "file")
    t.equal("size", t.size("f"), 0)


def mknod_refuses_what_exists(t):
    for kind in t.kinds():
        path = t.make(kind, kind)
        t.fails(f"mknod over a {kind}", "EEXIST", os.mknod, path, stat.S_IFREG | 0o600)
        t.fails(f"mkfifo over a {kind}", "EEXIST", os.mkfifo, path)
        t.equal(f"the {kind} stays", t.kind(kind), kind)


def mknod_does_not_make_directories_and_links(t):
    t.fails("a directory", "EPERM", os.mknod, t.here("d"), stat.S_IFDIR | 0o755)
    t.fails("a link", "EINVAL", os.mknod, t.here("l"), stat.S_IFLNK | 0o755)
    t.fails("a type that does not exist", "EINVAL", os.mknod, t.here("x"), 0o170000 | 0o644)
    t.equal("names", t.names(), [])


def devices_are_for_root(t):
    t.needs_callers()
    t.mkdir("d", 0o777)
    for kind, bits, expected in (("char", stat.S_IFCHR, "EPERM"), ("block", stat.S_IFBLK, "EPERM"),
                                 ("fifo", stat.S_IFIFO, "ok"), ("socket", stat.S_IFSOCK, "ok"), ("file", stat.S_IFREG, "ok")):
        t.equal(f"a {kind} by another", in_child(lambda: outcome(os.mknod, t.here(f"d/{kind}"), bits | 0o644, NULL if expected == "EPERM" else 0), BOB), expected)


def a_fifo_carries_bytes_between_processes(t):
    t.make("fifo", "p")

    def reads():
        with open(t.here("p"), "rb") as f:
            yield f.read()

    with Peer(reads) as peer:
        peer.begin()
        with open(t.here("p"), "wb") as f:
            f.write(b"through the pipe")
        t.equal("what came", peer.answer(), b"through the pipe")
    t.equal("size afterwards", t.size("p"), 0)


def an_open_of_a_fifo_waits_for_the_other_end(t):
    t.make("fifo", "p")

    def opens(flags):
        os.open(t.here("p"), flags)
        yield "open"

    for what, flags, other in (("reader", os.O_RDONLY, os.O_WRONLY), ("writer", os.O_WRONLY, os.O_RDONLY | os.O_NONBLOCK)):
        with Peer(lambda: opens(flags)) as peer:
            peer.begin()
            t.true(f"a {what} waits", peer.is_waiting())
            fd = os.open(t.here("p"), other)
            t.equal(f"a {what} goes on", peer.answer(), "open")
            os.close(fd)


def a_fifo_without_readers_is_epipe(t):
    t.make("fifo", "p")
    reader = os.open(t.here("p"), os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(t.here("p"), os.O_WRONLY)
    os.close(reader)
    t.fails("write", "EPIPE", os.write, writer, b"x")


def a_fifo_goes_by_its_mode(t):
    t.needs_callers()
    t.make("fifo", "p")
    for mode, flags, expected in ((0o644, os.O_RDONLY, "ok"), (0o644, os.O_RDWR, "EACCES"), (0o600, os.O_RDONLY, "EACCES"), (0o666, os.O_RDWR, "ok")):
        os.chmod(t.here("p"), mode)
        t.equal(f"mode {mode:o} with flags {flags}", in_child(lambda: outcome(os.open, t.here("p"), flags | os.O_NONBLOCK), BOB), expected)


def _listen(t, name):
    """The path of a socket is short: relative to the working directory."""
    os.chdir(t.here())
    server = socket.socket(socket.AF_UNIX)
    server.bind(name)
    server.listen()
    return server


def a_socket_can_be_bound_and_reached(t):
    server = _listen(t, "s")
    t.equal("kind", t.kind("s"), "socket")
    t.mode("bind goes by the umask", "s", 0o755)
    client = socket.socket(socket.AF_UNIX)
    t.works("connect", client.connect, "s")
    connection, _ = server.accept()
    client.sendall(b"hello")
    t.equal("what came", connection.recv(9), b"hello")


def bind_refuses_what_exists(t):
    server = _listen(t, "s")
    t.fails("a second bind", "EADDRINUSE", socket.socket(socket.AF_UNIX).bind, "s")
    t.write("f")
    t.fails("bind over a file", "EADDRINUSE", socket.socket(socket.AF_UNIX).bind, "f")
    server.close()
    t.present("the name stays after close", "s")
    t.fails("connect to nobody", "ECONNREFUSED", socket.socket(socket.AF_UNIX).connect, "s")


def a_renamed_socket_is_reached_by_its_new_name(t):
    server = _listen(t, "s")
    os.rename("s", "r")
    t.works("connect to the new name", socket.socket(socket.AF_UNIX).connect, "r")
    t.fails("connect to the old name", "ENOENT", socket.socket(socket.AF_UNIX).connect, "s")
    os.unlink("r")
    t.fails("connect after unlink", "ENOENT", socket.socket(socket.AF_UNIX).connect, "r")
    server.close()


def connect_wants_the_right_to_write(t):
    t.needs_callers()
    server = _listen(t, "s")
    for mode, expected in ((0o777, "ok"), (0o755, "EACCES"), (0o722, "ok"), (0o700, "EACCES")):
        os.chmod("s", mode)
        t.equal(f"mode {mode:o}", in_child(lambda: outcome(socket.socket(socket.AF_UNIX).connect, "s"), BOB), expected)
    server.close()


def connect_to_what_is_no_socket_is_refused(t):
    os.chdir(t.here())
    t.write("f")
    t.fails("a file", "ECONNREFUSED", socket.socket(socket.AF_UNIX).connect, "f")
    t.fails("a missing name", "ENOENT", socket.socket(socket.AF_UNIX).connect, "missing")


def owners_and_modes_of_special_files_change_as_of_others(t):
    t.needs_root()
    for kind in ("fifo", "socket", "char", "block"):
        path = t.make(kind, kind)
        os.chown(path, ALICE.uid, ALICE.gid)
        os.chmod(path, 0o4751)
        t.equal(f"owner of a {kind}", t.stat(kind).st_uid, ALICE.uid)
        t.mode(f"chmod of a {kind}", kind, 0o4751)
