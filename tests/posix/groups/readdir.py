"""opendir, readdir, telldir, seekdir, rewinddir: POSIX.1-2017 of these names, Linux readdir(3), telldir(3)."""
import os
import stat

from fixture import Peer
from syscalls import Directory

D_TYPES = {"file": 8, "dir": 4, "symlink": 10, "fifo": 1, "socket": 12, "char": 2, "block": 6}


def _fill(t, name, count):
    t.mkdir(name)
    for n in range(count):
        os.close(os.open(t.here(f"{name}/entry{n:05d}"), os.O_CREAT | os.O_WRONLY))
    return {f"entry{n:05d}" for n in range(count)}


def _entries(stream):
    return [e.name for e in stream.rest() if e.name not in (".", "..")]


def an_empty_directory_has_dot_and_dotdot(t):
    t.mkdir("d")
    with Directory(t.there("d")) as stream:
        entries = {e.name: e for e in stream.rest()}
    t.equal("names", sorted(entries), [".", ".."])
    t.equal("inode of '.'", entries["."].ino, t.stat("d").st_ino)
    t.equal("inode of '..'", entries[".."].ino, t.stat().st_ino)
    t.equal("types", {e.kind for e in entries.values()}, {4})


def every_name_is_told_once(t):
    for count in (1, 2, 10, 100, 1000):
        names = _fill(t, f"d{count}", count)
        with Directory(t.there(f"d{count}")) as stream:
            seen = [e.name for e in stream.rest()]
        t.equal(f"{count} entries: number", len(seen), count + 2)
        t.true(f"{count} entries: names", set(seen) == names | {".", ".."})


def long_names_are_told_whole(t):
    t.mkdir("d")
    names = {f"{n:03d}" + "x" * 252 for n in range(100)}
    for name in names:
        t.write(f"d/{name}")
    t.true("100 names of 255 bytes", set(t.names("d")) == names)


def the_type_and_inode_of_every_kind(t):
    for kind in t.kinds():
        t.make(kind, kind)
    with Directory(t.there()) as stream:
        entries = {e.name: e for e in stream.rest()}
    for kind in t.kinds():
        t.equal(f"type of a {kind}", entries[kind].kind, D_TYPES[kind])
        t.equal(f"inode of a {kind}", entries[kind].ino, t.stat(kind).st_ino)


def scandir_tells_the_same(t):
    for kind in t.kinds():
        t.make(kind, kind)
    with os.scandir(t.there()) as entries:
        for entry in entries:
            t.equal(f"{entry.name} is a directory", entry.is_dir(follow_symlinks=False), entry.name == "dir")
            t.equal(f"inode of {entry.name}", entry.inode(), t.stat(entry.name).st_ino)
            t.equal(f"mode of {entry.name}", stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode), stat.S_IFMT(t.stat(entry.name).st_mode))


def changes_show_in_the_next_listing(t):
    t.mkdir("d")
    for what, act, expected in (
            ("a file", lambda: t.write("d/a"), ["a"]), ("a directory", lambda: t.mkdir("d/b"), ["a", "b"]), ("a rename", lambda: os.rename(t.here("d/a"), t.here("d/c")), ["b", "c"]),
            ("a move away", lambda: os.rename(t.here("d/c"), t.here("c")), ["b"]), ("a move here", lambda: os.rename(t.here("c"), t.here("d/e")), ["b", "e"]),
            ("a link", lambda: os.link(t.here("d/e"), t.here("d/f")), ["b", "e", "f"]), ("a removal", lambda: os.unlink(t.here("d/e")), ["b", "f"]),
            ("a replacement", lambda: os.rename(t.write("new"), t.here("d/f")), ["b", "f"]), ("a removed directory", lambda: os.rmdir(t.here("d/b")), ["f"])):
        act()
        t.equal(f"names after {what}", t.names("d"), expected)


def rewind_shows_what_is_there_now(t):
    t.mkdir("d")
    t.write("d/a")
    with Directory(t.there("d")) as stream:
        t.equal("at first", sorted(_entries(stream)), ["a"])
        t.write("d/b")
        os.unlink(t.here("d/a"))
        stream.rewind()
        t.equal("after rewinddir", sorted(_entries(stream)), ["b"])
        stream.rewind()
        t.equal("again", sorted(_entries(stream)), ["b"])


def at_the_end_it_stays_at_the_end(t):
    t.mkdir("d")
    with Directory(t.there("d")) as stream:
        stream.rest()
        for n in range(3):
            t.equal(f"readdir {n + 1} after the end", stream.next(), None)


def seekdir_goes_to_where_telldir_was(t):
    for count in (5, 300):
        _fill(t, f"d{count}", count)
        with Directory(t.there(f"d{count}")) as stream:
            positions, names = [stream.tell()], []
            for entry in iter(stream.next, None):
                names.append(entry.name)
                positions.append(stream.tell())
            for n in {0, 1, 2, count // 3, count // 2, count, count + 1}:
                stream.seek(positions[n])
                t.true(f"{count} entries: the rest from position {n}", [e.name for e in stream.rest()] == names[n:])
            stream.seek(positions[-1])
            t.equal(f"{count} entries: the last position is the end", stream.next(), None)


def two_streams_go_their_own_ways(t):
    names = _fill(t, "d", 50)
    with Directory(t.there("d")) as one, Directory(t.there("d")) as two:
        for _ in range(10):
            one.next()
        t.true("the second has all", set(_entries(two)) == names)
        t.equal("the first has the rest", len(one.rest()), 42)


def what_stays_is_told_once_while_others_are_removed(t):
    names = _fill(t, "d", 400)
    gone = {n for n in names if int(n[-1]) % 2}
    with Directory(t.there("d")) as stream:
        seen = [stream.next().name for _ in range(20)]
        for name in gone:
            os.unlink(t.here(f"d/{name}"))
        seen += [e.name for e in stream.rest()]
    t.true("each name at most once", len(seen) == len(set(seen)))
    t.equal("what stays and is not told", (names - gone) - set(seen), set())


def what_was_there_is_told_once_while_others_are_made(t):
    names = _fill(t, "d", 300)
    with Directory(t.there("d")) as stream:
        seen = [stream.next().name for _ in range(20)]
        for n in range(200):
            t.write(f"d/new{n}")
        seen += [e.name for e in stream.rest()]
    t.true("each name at most once", len(seen) == len(set(seen)))
    t.equal("what was there and is not told", names - set(seen), set())


def a_directory_can_be_emptied_while_it_is_read(t):
    _fill(t, "d", 300)
    with Directory(t.here("d")) as stream:
        for entry in iter(stream.next, None):
            if entry.name not in (".", ".."):
                os.unlink(t.here(f"d/{entry.name}"))
    t.equal("what is left", t.names("d"), [])
    t.works("rmdir", os.rmdir, t.here("d"))


def listing_while_another_process_makes_and_removes(t):
    names = _fill(t, "d", 100)

    def churn():
        yield "ready"
        for n in range(150):
            path = t.here(f"d/churn{n}")
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
            if n % 3:
                os.unlink(path)
        yield "done"

    with Peer(churn) as peer:
        peer.step()
        peer.begin()
        wrong = []
        while True:
            done = not peer.is_waiting(0)
            seen = os.listdir(t.there("d"))
            wrong += [] if names <= set(seen) and len(seen) == len(set(seen)) else [len(seen)]
            if done:
                break
        t.equal("the other process", peer.answer(), "done")
    t.equal("listings that lacked or doubled a name", wrong, [])
    t.equal("names at the end", len(t.names("d")), 150)


def a_descriptor_can_be_listed(t):
    _fill(t, "d", 5)
    fd = os.open(t.there("d"), os.O_RDONLY | os.O_DIRECTORY)
    t.equal("by its number", len(os.listdir(fd)), 5)
    t.equal("a second time", len(os.listdir(fd)), 5)
    with Directory(fd=os.dup(fd)) as stream:
        stream.rewind()
        t.equal("by fdopendir", len(stream.rest()), 7)


def what_is_no_directory_cannot_be_listed(t):
    for kind in t.kinds():
        if kind != "dir":
            t.make(kind, kind)
            t.fails(f"listing a {kind}", "ENOENT" if kind == "symlink" else "ENOTDIR", os.listdir, t.there(kind))
    t.fails("listing a missing name", "ENOENT", os.listdir, t.there("missing"))
    t.fails("opendir of a file", "ENOTDIR", Directory, t.there("file"))
