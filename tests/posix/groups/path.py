"""How paths are resolved: POSIX.1-2017 4.13, Linux path_resolution(7), symlink(7)."""
import os

from fixture import outcome
import syscalls as sc

# Each operation on one path that is expected to be there or not; what they answer to a wrong path is the same.
LOOKS = {
    "stat": os.stat, "lstat": os.lstat, "statx": sc.statx, "open": lambda p: os.open(p, os.O_RDONLY), "access": lambda p: os.stat(p) and None or os.access(p, os.F_OK),
    "readlink": os.readlink, "listdir": os.listdir, "getxattr": lambda p: os.getxattr(p, "user.a"), "listxattr": os.listxattr, "statvfs": os.statvfs, "chdir": os.chdir,
}
CHANGES = {
    "O_CREAT": lambda p: os.open(p, os.O_CREAT | os.O_WRONLY), "truncate": lambda p: os.truncate(p, 0), "mkdir": os.mkdir, "rmdir": os.rmdir, "unlink": os.unlink,
    "symlink": lambda p: os.symlink("x", p), "mkfifo": os.mkfifo, "chmod": lambda p: os.chmod(p, 0o600), "chown": lambda p: os.chown(p, -1, -1), "utime": os.utime,
    "setxattr": lambda p: os.setxattr(p, "user.a", b"1"), "removexattr": lambda p: os.removexattr(p, "user.a"),
}


def _each(t, what, expected, path, other=None):
    """Every operation on the path answers that error; so do link and rename from and to it."""
    for name, call in LOOKS.items():
        t.fails(f"{name} of {what}", expected, call, path(t.there()))
    for name, call in CHANGES.items():
        t.fails(f"{name} of {what}", expected, call, path(t.here()))
    free, file = t.here("free"), t.write("file")
    for name, call in (("link from", lambda p: os.link(p, free)), ("link to", lambda p: os.link(file, p)), ("rename from", lambda p: os.rename(p, free)),
                       ("rename to", lambda p: os.rename(file, p))):
        t.fails(f"{name} {what}", expected, call, path(t.here()))


def below_what_is_missing_is_enoent(t):
    _each(t, "a path below a missing name", "ENOENT", lambda base: f"{base}/missing/x")


def below_a_file_is_enotdir(t):
    t.write("f")
    _each(t, "a path below a file", "ENOTDIR", lambda base: f"{base}/f/x")


def below_a_dangling_link_is_enoent(t):
    os.symlink("nowhere", t.here("l"))
    _each(t, "a path below a dangling link", "ENOENT", lambda base: f"{base}/l/x")


def below_links_in_a_circle_is_eloop(t):
    os.symlink("two", t.here("one"))
    os.symlink("one", t.here("two"))
    _each(t, "a path below links in a circle", "ELOOP", lambda base: f"{base}/one/x")


def a_name_of_256_bytes_is_too_long(t):
    _each(t, "a name of 256 bytes", "ENAMETOOLONG", lambda base: f"{base}/{'n' * 256}")


def a_directory_of_256_bytes_is_too_long(t):
    _each(t, "a path through a name of 256 bytes", "ENAMETOOLONG", lambda base: f"{base}/{'n' * 256}/x")


def a_path_of_4096_bytes_is_too_long(t):
    _each(t, "a path of 4096 bytes", "ENAMETOOLONG", lambda base: base + "/" + "./" * ((4096 - len(base) - 2) // 2) + "x" * (1 + (4096 - len(base) - 2) % 2))


def an_empty_path_is_enoent(t):
    _each(t, "an empty path", "ENOENT", lambda base: "")


def below_what_is_no_directory(t):
    for kind in t.kinds():
        path = t.make(kind, kind)
        if kind not in ("dir", "symlink"):
            t.fails(f"below a {kind}", "ENOTDIR", os.stat, f"{t.there(kind)}/x")
            t.fails(f"a new file below a {kind}", "ENOTDIR", os.open, f"{path}/x", os.O_CREAT | os.O_WRONLY)
            t.fails(f"'.' of a {kind}", "ENOTDIR", os.stat, f"{t.there(kind)}/.")
            t.fails(f"'..' of a {kind}", "ENOTDIR", os.stat, f"{t.there(kind)}/..")


def a_link_to_itself_is_eloop(t):
    os.symlink("self", t.here("self"))
    for name, call in (("stat", os.stat), ("open", lambda p: os.open(p, os.O_RDONLY)), ("chmod", lambda p: os.chmod(p, 0o600)), ("truncate", lambda p: os.truncate(p, 0)),
                       ("chdir", os.chdir), ("listdir", os.listdir), ("utime", os.utime), ("O_CREAT", lambda p: os.open(p, os.O_CREAT | os.O_WRONLY))):
        t.fails(f"{name} of a link to itself", "ELOOP", call, t.here("self"))
    t.equal("lstat of it", t.kind("self"), "symlink")
    t.equal("readlink of it", os.readlink(t.there("self")), "self")
    t.works("unlink of it", os.unlink, t.here("self"))


def forty_links_are_followed_and_not_one_more(t):
    t.write("l0", b"abc")
    for n in range(1, 42):
        os.symlink(f"l{n - 1}", t.here(f"l{n}"))
    for n in (1, 20, 40):
        t.content(f"{n} links", f"l{n}", b"abc")
    t.fails("41 links", "ELOOP", os.stat, t.there("l41"))


def names_up_to_255_bytes(t):
    for size in (1, 100, 254, 255):
        name = "n" * size
        t.write(name, b"%d" % size)
        t.content(f"a name of {size} bytes", name, b"%d" % size)
    t.equal("all are listed", t.names(), sorted("n" * s for s in (1, 100, 254, 255)))
    name = "ü" * 127 + "x"
    t.write(name, b"bytes")
    t.content("255 bytes of 128 characters", name, b"bytes")
    t.fails("256 bytes of 128 characters", "ENAMETOOLONG", os.mkdir, t.here("ü" * 128))
    os.rename(t.here(name), t.here("short"))
    t.present("renamed from 255 bytes", "short")
    os.mkdir(t.here("d" * 255))
    t.equal("a directory of 255 bytes", t.kind("d" * 255), "dir")
    os.symlink("x", t.here("l" * 255))
    t.equal("a link of 255 bytes", t.kind("l" * 255), "symlink")


def a_path_of_4095_bytes_is_taken(t):
    t.write("f", b"abc")
    base = t.there()
    rest = 4095 - len(base) - 2
    path = base + "/" + "./" * (rest // 2) + ("/" if rest % 2 else "") + "f"
    t.equal("its length", len(path), 4095)
    t.equal("stat of it", os.stat(path).st_size, 3)


def every_byte_but_two_can_be_in_an_ascii_name(t):
    names = [b"x" + bytes([n]) + b"y" for n in range(1, 128) if n != ord("/")]
    for name in names:
        t.write(name, name)
    t.equal("all are listed", sorted(os.listdir(os.fsencode(t.there()))), sorted(names))
    for name in names:
        t.equal(f"content of {name!r}", t.read(name), name)


def names_with_a_meaning_elsewhere_are_names(t):
    for name in ("...", " ", "-rf", "~", "*", "a b", "con", ".hidden", "x.", "a:b", "a\\b", "'\"", "\n", "%00", "$HOME", "#x#"):
        t.write(name, name.encode())
        t.content(f"the name {name!r}", name, name.encode())
        os.unlink(t.here(name))
        t.absent("after unlink", name)


def letters_are_told_apart(t):
    names = ["a", "A", "ä", "Ä", "a\u0308", "ß", "ss", "\u212b", "\u00e5", "ı", "i", "İ", "ﬁ", "fi"]
    for n, name in enumerate(names):
        t.write(name, b"%d" % n)
    for n, name in enumerate(names):
        t.content(f"the name {ascii(name)}", name, b"%d" % n)
    t.equal("all are listed as they were given", t.names(), sorted(names))


def names_need_not_be_utf_8(t):
    names = [b"\xff", b"\x80abc", b"a\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80"] + [b"z" + bytes([n]) for n in range(128, 256, 16)]
    for name in names:
        path = t.here(name)
        t.works(f"a file {name!r}", t.write, name, name)
        t.equal(f"its content {name!r}", t.read(name), name)
        t.works(f"rename of {name!r}", os.rename, path, path + "2")
        t.works(f"rename back of {name!r}", os.rename, path + "2", path)
    t.equal("all are listed", sorted(os.listdir(os.fsencode(t.there()))), sorted(names))
    for name in names:
        t.works(f"unlink of {name!r}", os.unlink, t.here(name))


def the_replacement_character_is_a_name_too(t):
    t.write("\ufffd", b"abc")
    t.content("U+FFFD", "\ufffd", b"abc")


def slashes_in_a_row_are_one(t):
    t.mkdir("d")
    t.write("d/f", b"abc")
    for path in ("d//f", "d///f", "d/./f", "d/.//./f", "d/../d/f", ".//d/f"):
        t.content(path, path, b"abc")


def a_slash_at_the_end_means_a_directory(t):
    for kind in t.kinds():
        t.make(kind, kind)
        expected = "ok" if kind == "dir" else "ENOENT" if kind == "symlink" else "ENOTDIR"
        for name, call in (("stat", os.stat), ("lstat", os.lstat), ("open", lambda p: os.open(p, os.O_RDONLY | os.O_NONBLOCK)), ("statvfs", os.statvfs), ("listxattr", os.listxattr)):
            t.equal(f"{name} of a {kind} with a slash", outcome(call, t.there(kind) + "/"), expected)
        for name, call in (("chmod", lambda p: os.chmod(p, 0o700)), ("utime", os.utime), ("chown", lambda p: os.chown(p, -1, -1))):
            t.equal(f"{name} of a {kind} with a slash", outcome(call, t.here(kind) + "/"), expected)


def a_new_name_with_a_slash_is_for_a_directory(t):
    for name, call, expected in (("O_CREAT", lambda p: os.open(p, os.O_CREAT | os.O_WRONLY), "EISDIR"), ("symlink", lambda p: os.symlink("x", p), "ENOENT"),
                                 ("mkfifo", os.mkfifo, "ENOENT"), ("mkdir", os.mkdir, "ok")):
        t.equal(f"{name} of a new name with a slash", outcome(call, t.here(f"{name}/")), expected)
    t.equal("names", t.names(), ["mkdir"])


def a_link_with_a_slash_is_its_directory(t):
    t.mkdir("d")
    t.write("d/f")
    os.symlink("d", t.here("l"))
    t.equal("lstat", os.lstat(t.there("l/")).st_ino, t.stat("d").st_ino)
    t.equal("listdir", os.listdir(t.there("l/")), ["f"])
    t.fails("unlink", "ENOTDIR|EISDIR", os.unlink, t.here("l/"))
    t.fails("rmdir", "ENOTDIR", os.rmdir, t.here("l/"))
    t.fails("rename", "ENOTDIR", os.rename, t.here("l/"), t.here("m"))
    t.equal("the link stays", t.kind("l"), "symlink")


def dotdot_goes_by_where_a_link_leads(t):
    t.mkdir("a")
    t.mkdir("a/b")
    t.mkdir("c")
    t.write("a/f", b"in a")
    t.write("f", b"outside")
    os.symlink("../a/b", t.here("c/l"))
    t.content("'..' of a link", "c/l/../f", b"in a")


def the_parent_of_what_moved_is_the_new_one(t):
    for name in ("a", "b", "a/d"):
        t.mkdir(name)
    t.write("a/f", b"a")
    t.write("b/f", b"b")
    t.content("before", "a/d/../f", b"a")
    os.rename(t.here("a/d"), t.here("b/d"))
    t.content("after", "b/d/../f", b"b")


def a_name_that_was_missing_is_found_once_it_is_there(t):
    for kind in t.kinds():
        t.absent("before", kind)
        t.make(kind, kind)
        t.equal(f"a {kind} that was missing", t.kind(kind), kind)
        (os.rmdir if kind == "dir" else os.unlink)(t.here(kind))
        t.absent("after its removal", kind)
