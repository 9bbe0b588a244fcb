"""rename and renameat: POSIX.1-2017 rename(), Linux rename(2)."""
import os

from fixture import Peer, outcome


def a_file_gets_a_new_name(t):
    t.write("a", b"abc", 0o640)
    before = t.stat("a")
    t.works("rename", os.rename, t.here("a"), t.here("b"))
    after = t.stat("b")
    t.absent("the old name", "a")
    t.content("the new name", "b", b"abc")
    t.equal("inode", after.st_ino, before.st_ino)
    t.equal("mode, owner and size", (after.st_mode, after.st_uid, after.st_size), (before.st_mode, before.st_uid, before.st_size))
    t.equal("mtime", after.st_mtime_ns, before.st_mtime_ns)
    t.equal("names", t.names(), ["b"])


def every_kind_gets_a_new_name(t):
    t.mkdir("other")
    for kind in t.kinds():
        t.make(kind, kind)
        inode = t.stat(kind).st_ino
        for old, new in ((kind, f"{kind}2"), (f"{kind}2", f"other/{kind}")):
            t.works(f"rename of a {kind} to {new}", os.rename, t.here(old), t.here(new))
            t.absent(f"rename of a {kind}", old)
            t.equal(f"kind at {new}", t.kind(new), kind)
            t.equal(f"inode at {new}", t.stat(new).st_ino, inode)


def _over(t, source, target, expected):
    """Renames one kind over another and checks both names."""
    a, b = f"{source}-{target}-a", f"{source}-{target}-b"
    t.make(source, a)
    t.make(target, b)
    inodes = t.stat(a).st_ino, t.stat(b).st_ino
    t.equal(f"a {source} over a {target}", outcome(os.rename, t.here(a), t.here(b)), expected)
    if expected == "ok":
        t.absent(f"the old name of a {source} put over a {target}", a)
        t.equal(f"what is where a {target} was", t.stat(b).st_ino, inodes[0])
    else:
        t.equal(f"both stay when a {source} does not go over a {target}", (t.stat(a).st_ino, t.stat(b).st_ino), inodes)


def over_each_kind(t):
    for source in t.kinds():
        for target in t.kinds():
            both = source == "dir", target == "dir"
            expected = "ENOTDIR" if both == (True, False) else "EISDIR" if both == (False, True) else "ok"
            _over(t, source, target, expected)


def over_a_directory_wants_it_empty(t):
    for kind in t.kinds():
        t.mkdir(f"a{kind}")
        t.mkdir(f"b{kind}")
        t.make(kind, f"b{kind}/x")
        t.fails(f"over a directory with a {kind} in it", "ENOTEMPTY|EEXIST", os.rename, t.here(f"a{kind}"), t.here(f"b{kind}"))
        t.equal(f"the {kind} in it stays", t.kind(f"b{kind}/x"), kind)
        t.present(f"the other stays with a {kind}", f"a{kind}")


def a_directory_takes_its_content_along(t):
    t.mkdir("a")
    t.mkdir("a/b")
    t.write("a/b/f", b"abc")
    t.mkdir("c")
    os.rename(t.here("a"), t.here("c/d"))
    t.content("the file below it", "c/d/b/f", b"abc")
    t.absent("the old path", "a/b/f")
    t.equal("names", (t.names(), t.names("c"), t.names("c/d")), (["c"], ["d"], ["b"]))
    t.equal("'..' of the moved one", os.lstat(t.there("c/d/..")).st_ino, t.stat("c").st_ino)


def into_itself_is_einval(t):
    t.mkdir("a")
    t.mkdir("a/b")
    for target in ("a/c", "a/b/c", "a/b"):
        t.fails(f"a to {target}", "EINVAL", os.rename, t.here("a"), t.here(target))
    t.fails("a/b over its parent", "ENOTEMPTY|EINVAL", os.rename, t.here("a/b"), t.here("a"))
    t.equal("all stays", (t.names(), t.names("a"), t.names("a/b")), (["a"], ["b"], []))


def dot_and_dotdot_are_refused(t):
    t.mkdir("a")
    t.mkdir("a/b")
    for old, new in (("a/.", "c"), ("a/b/..", "c"), ("a/b", "a/."), ("a/b", "a/..")):
        t.fails(f"{old} to {new}", "EBUSY|EINVAL", os.rename, t.here(old), t.here(new))
    t.equal("all stays", (t.names(), t.names("a")), (["a"], ["b"]))


def of_what_is_missing(t):
    t.write("f")
    t.mkdir("d")
    for old, new, expected in (("missing", "x", "ENOENT"), ("missing/f", "x", "ENOENT"), ("f", "missing/x", "ENOENT"), ("f/x", "y", "ENOTDIR"),
                               ("f", "f/x", "ENOTDIR"), ("d", "f/x", "ENOTDIR")):
        t.fails(f"{old} to {new}", expected, os.rename, t.here(old), t.here(new))
    t.fails("an empty old path", "ENOENT", os.rename, "", t.here("x"))
    t.fails("an empty new path", "ENOENT", os.rename, t.here("f"), "")
    t.equal("names", t.names(), ["d", "f"])


def slashes_are_for_directories(t):
    t.write("f")
    t.mkdir("d")
    t.fails("a file with a slash", "ENOTDIR", os.rename, t.here("f/"), t.here("g"))
    t.fails("a file to a name with a slash", "ENOTDIR", os.rename, t.here("f"), t.here("g/"))
    t.works("a directory to a name with a slash", os.rename, t.here("d"), t.here("e/"))
    t.works("a directory with a slash", os.rename, t.here("e/"), t.here("d"))
    t.equal("names", t.names(), ["d", "f"])


def to_the_same_file_does_nothing(t):
    t.write("a", b"abc")
    os.link(t.here("a"), t.here("b"))
    before = t.stat("a")
    t.tick()
    t.works("a name to itself", os.rename, t.here("a"), t.here("a"))
    t.works("a name to another of the same file", os.rename, t.here("a"), t.here("b"))
    t.equal("both names stay", t.names(), ["a", "b"])
    t.equal("nlink", t.stat("a").st_nlink, 2)
    t.equal("ctime", t.stat("a").st_ctime_ns, before.st_ctime_ns)
    t.mkdir("d")
    t.works("a directory to itself", os.rename, t.here("d"), t.here("d"))
    t.present("the directory", "d")


def over_one_of_two_names_leaves_the_other(t):
    t.write("a", b"new")
    t.write("b", b"old")
    os.link(t.here("b"), t.here("c"))
    os.rename(t.here("a"), t.here("b"))
    t.content("the replaced name", "b", b"new")
    t.content("the other name", "c", b"old")
    t.equal("nlink of the replaced file", t.stat("c").st_nlink, 1)
    t.equal("nlink of the new file", t.stat("b").st_nlink, 1)


def a_link_is_renamed_and_replaced_itself(t):
    t.write("f", b"abc")
    os.symlink("f", t.here("l"))
    t.write("g", b"new")
    os.rename(t.here("g"), t.here("l"))
    t.equal("over a link", t.kind("l"), "file")
    t.content("its target stays", "f", b"abc")


def the_times_of_the_directories_are_marked(t):
    for what, old, new in (("within", "a/x", "a/y"), ("across", "a/x", "b/x")):
        for made in ("a", "b"):
            t.mkdir(f"{what}-{made}")
        old, new = f"{what}-{old}", f"{what}-{new}"
        t.write(old, b"abc")
        before = t.tick()
        os.rename(t.here(old), t.here(new))
        for path in {os.path.dirname(old), os.path.dirname(new)}:
            t.true(f"mtime of {path}", t.stat(path).st_mtime_ns >= before)
            t.true(f"ctime of {path}", t.stat(path).st_ctime_ns >= before)
        t.true(f"ctime of the file renamed {what}", t.stat(new).st_ctime_ns >= before)
        t.true(f"mtime of the file renamed {what} is not marked", t.stat(new).st_mtime_ns < before)


def an_open_file_follows_its_name(t):
    t.write("a", b"abc")
    with t.opened("a") as fd:
        os.rename(t.here("a"), t.here("b"))
        os.pwrite(fd, b"X", 0)
        t.content("a write after it", "b", b"Xbc")
        os.ftruncate(fd, 1)
        t.equal("ftruncate after it", t.size("b"), 1)
        os.fchmod(fd, 0o600)
        t.mode("fchmod after it", "b", 0o600)


def an_open_directory_follows_its_name(t):
    fd = os.open(t.mkdir("a"), os.O_RDONLY)
    os.rename(t.here("a"), t.here("b"))
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    t.equal("what was made through it", t.names("b"), ["f"])


def the_working_directory_follows_its_name(t):
    t.mkdir("a")
    t.mkdir("b")
    os.chdir(t.here("a"))
    os.rename(t.here("a"), t.here("b/c"))
    t.equal("getcwd", os.getcwd(), os.path.realpath(t.here("b/c")))
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY))
    t.equal("what was made in it", t.names("b/c"), ["f"])
    t.equal("its '..'", os.stat("..").st_ino, os.stat(t.here("b")).st_ino)


def renameat_goes_by_its_directories(t):
    one, two = os.open(t.mkdir("one"), os.O_RDONLY), os.open(t.mkdir("two"), os.O_RDONLY)
    t.write("one/f", b"abc")
    t.works("between directories", os.rename, "f", "g", src_dir_fd=one, dst_dir_fd=two)
    t.content("between directories", "two/g", b"abc")
    t.equal("names", t.names("one"), [])


def _looks(t):
    """Another process that looks at a name until the last file is there, and tells the sizes that it saw."""
    seen = set()
    yield "ready"
    while 4 not in seen and len(seen) < 9:
        try:
            seen.add(t.size("f"))
        except OSError as e:
            seen.add(str(e))
    yield seen


def _replaced(t, held):
    """Replaces a file of 5 bytes again and again, and at last by one of 4; who looks meanwhile sees nothing else."""
    t.write("f", b"whole")
    with Peer(lambda: _looks(t)) as peer:
        peer.step()
        peer.begin()
        for n in range(100):
            t.write("new", b"last" if n == 99 else b"whole")
            fd = os.open(t.here("f"), os.O_RDONLY) if held else None
            os.rename(t.here("new"), t.here("f"))
            if held:
                os.close(fd)
        t.equal("what was seen", peer.answer() - {5}, {4})


def a_name_that_is_replaced_is_never_missing(t):
    _replaced(t, held=False)


def a_name_that_is_replaced_while_it_is_open_is_never_missing(t):
    _replaced(t, held=True)


def many_renames_of_one_file_lose_nothing(t):
    t.write("n0", b"abc")
    for n in range(100):
        os.rename(t.here(f"n{n}"), t.here(f"n{n + 1}"))
    t.equal("names", t.names(), ["n100"])
    t.content("the last name", "n100", b"abc")


def two_directories_can_trade_places(t):
    for name in ("a", "b"):
        t.mkdir(name)
        t.write(f"{name}/f", name.encode())
    os.rename(t.here("a"), t.here("c"))
    os.rename(t.here("b"), t.here("a"))
    os.rename(t.here("c"), t.here("b"))
    t.content("first", "a/f", b"b")
    t.content("second", "b/f", b"a")
