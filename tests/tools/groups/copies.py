"""Programs that copy, move and delete."""
import os
import shutil

import sample
from fixture import ACL

SPARSE = 64 * sample.MIB


def _odd(t):
    t.needs_root()
    for name, value in ((ACL, sample.LIST), ("security.capability", sample.CAPABILITY)):
        t.needs_plain_attributes(name, value)


def _sample(t, odd=False):
    t.needs_plain_attributes("user.a", b"b")
    if odd:
        _odd(t)
    return sample.make(t.plain("s"), odd=odd)


def _tar(t, odd):
    t.needs("tar")
    source = _sample(t, odd)
    options = ["--sparse", "--numeric-owner", "--xattrs", "--xattrs-include=*"] + (["--acls"] if odd else [])
    tar = lambda *argv, **named: t.run("tar", *options, *argv, **named)
    tar("-cf", t.plain("a.tar"), "-C", source, ".")
    os.mkdir(t.here("x"))
    tar("-xpf", t.plain("a.tar"), "-C", t.here("x"))
    t.equal("tar -d tells no difference", tar("-df", t.plain("a.tar"), "-C", t.there("x")), "")
    t.same("extracted", t.there("x"), source)
    tar("-cf", t.there("b.tar"), "-C", t.there("x"), ".")
    os.mkdir(t.plain("y"))
    tar("-xpf", t.here("b.tar"), "-C", t.plain("y"))
    t.same("packed on the other mount and extracted on a plain disk", t.plain("y"), source)


def tar(t):
    """tar --xattrs --sparse: extract, compare (tar -d) and pack on the other mount, with hard links, holes, a device, owners and attributes"""
    _tar(t, False)


def tar_acls(t):
    """the same with --acls, capabilities and a name that is not UTF-8"""
    _tar(t, True)


def _rsync(t, options, odd):
    t.needs("rsync")
    source = _sample(t, odd)
    rsync = lambda top, *more: t.run("rsync", options, "--itemize-changes", *more, source + "/", top + "/")
    t.true("the first run tells what it does", len(rsync(t.here("c")).splitlines()) > 40)
    t.equal("the second run transfers nothing", rsync(t.here("c")), "")
    t.same("copy", t.there("c"), source)
    t.equal("nor does one on the other mount that reads all", rsync(t.there("c"), "--checksum", "--delete"), "")
    t.write(os.path.join(source, "many", "f5"), b"changed")
    os.unlink(os.path.join(source, "many", "f6"))
    os.utime(os.path.join(source, "many"), ns=(10**18, 10**18))
    told = rsync(t.here("c"), "--delete").splitlines()
    t.equal("the next run transfers what has changed", sorted(line.split()[-1] for line in told), ["many/", "many/f5", "many/f6"])
    with open(os.path.join(source, "size6"), "r+b") as f:
        f.seek(500_000)
        f.write(b"in the middle")
    rsync(t.here("c"), "--inplace", "--no-whole-file")
    t.same("copy after that", t.there("c"), source)


def rsync(t):
    """rsync -aHX: the second run transfers nothing, from the other mount neither; changes, deletions and --inplace go across"""
    _rsync(t, "-aHX", False)


def rsync_acls(t):
    """the same with -A, capabilities and a name that is not UTF-8"""
    _rsync(t, "-aHAX", True)


def cp_a(t):
    """cp -a into the mount, within it and out of it again"""
    source = _sample(t)
    t.run("cp", "-a", source, t.here("a"))
    t.run("cp", "-a", t.here("a"), t.here("b"))
    t.run("cp", "-a", t.there("b"), t.plain("c"))
    for copy in (t.there("a"), t.there("b"), t.plain("c")):
        t.same(f"copy {os.path.basename(copy)}", copy, source)


def _holes(t, way):
    sample.holes(t.plain("sparse"), SPARSE)
    sample.holes(t.here("sparse"), SPARSE)
    t.run("cp", "-a", f"--sparse={way}", t.plain("sparse"), t.here("in"))
    t.run("cp", "-a", f"--sparse={way}", t.here("sparse"), t.here("within"))
    t.run("cp", "-a", f"--sparse={way}", t.there("in"), t.plain("out"))
    for path in (t.there("in"), t.there("within"), t.plain("out")):
        t.same_file(f"copy {os.path.basename(path)}", path, t.plain("sparse"))
        t.true(f"{os.path.basename(path)} has its holes", os.stat(path).st_blocks * 512 <= SPARSE // 16, os.stat(path).st_blocks)


def cp_sparse_auto(t):
    """cp --sparse=auto of a file with holes, into the mount, within it and out of it: the holes stay"""
    _holes(t, "auto")


def cp_sparse_always(t):
    """cp --sparse=always of that file, and of one with zeros: holes where zeros are"""
    _holes(t, "always")
    t.write(t.plain("zeros"), sample.bytes_of(1, 5000) + bytes(8 * sample.MIB) + b"end")
    t.run("cp", "--sparse=never", t.plain("zeros"), t.here("zeros"))
    t.run("cp", "--sparse=always", t.here("zeros"), t.here("thin"))
    for name in ("zeros", "thin"):
        t.same_file(name, t.there(name), t.plain("zeros"))
    t.true("holes where zeros are", os.stat(t.there("thin")).st_blocks * 512 < sample.MIB, os.stat(t.there("thin")).st_blocks)


def cp_reflink(t):
    """cp --reflink=auto: a copy of its own, whichever of the two is written afterwards"""
    t.write(t.plain("f"), sample.bytes_of(3, 5 * sample.MIB + 77))
    shutil.copyfile(t.plain("f"), t.plain("changed"))
    change = ("sh", "-ec", 'printf changed | dd of="$0" bs=1 seek=1000000 conv=notrunc status=none')
    t.run(*change, t.plain("changed"))
    t.run("cp", t.plain("f"), t.here("f"))
    for name in ("a", "b"):
        t.run("cp", "--reflink=auto", t.here("f"), t.here(name))
        t.same_file(f"copy {name}", t.there(name), t.plain("f"))
    t.run(*change, t.there("a"))
    t.same_file("a copy that was written", t.here("a"), t.plain("changed"))
    t.same_file("its origin", t.there("f"), t.plain("f"))
    t.run(*change, t.here("f"))
    t.same_file("an origin that was written", t.there("f"), t.plain("changed"))
    t.same_file("its copy", t.there("b"), t.plain("f"))


def mv(t):
    """mv between directories, over files and empty directories, with -n, -b and -T, and over to another filesystem and back"""
    t.both("m", """
        mkdir -p a/sub b c empty full/x; for n in 1 2 3 4 5 6; do echo $n > a/f$n; done; echo old > b/f2; echo old > b/f3; echo old > b/f4; ln -s f1 a/l; mkfifo a/p
        echo deep > a/sub/deep; mv a/f1 b/; mv a/f2 b/f2; mv -n a/f3 b/f3; mv -b a/f4 b/f4; mv a/l a/p a/f5 c; mv -T a/sub empty; mv -T c full 2>/dev/null && echo no || echo kept
        mv full b; mv a renamed; ls -Ri . | grep -c .; find . -printf '%P %y %n %m %s %l\\n' | grep -v ' d ' | sort""")
    t.same("what is left", t.there("m"), t.plain("m"), leave=("mtime",))
    source = _sample(t)
    shutil.copytree(source, t.plain("s2"), symlinks=True, ignore=lambda *_: ["fifo", "null"])
    t.run("mv", t.plain("s2"), t.here("s2"))
    t.true("it is gone where it was", not os.path.exists(t.plain("s2")))
    t.run("mv", t.there("s2"), t.plain("s3"))
    t.true("it is gone here", not os.path.exists(t.here("s2")))
    for name in ("fifo", "null"):
        if os.path.exists(os.path.join(source, name)):
            os.unlink(os.path.join(source, name))
    t.same("moved to and fro", t.plain("s3"), source, leave=("mtime", "owner", "links", "mode"))


def find_delete(t):
    """find -delete of some of 600 names, of empty directories and of everything; rm -rf"""
    t.both("f", """
        for d in 1 2 3 4 5 6; do mkdir -p d$d/e/f; for n in $(seq 40); do echo $n > d$d/n$n.c; echo $n > d$d/e/n$n.o; done; done; cp -r d1 d7
        find . -name '*.o' -delete; find . -type d -empty -delete; find . -name 'n1*.c' -delete; rm -rf d7; find . -printf '%P %y %m %s\\n' | sort""")
    t.same("what is left", t.there("f"), t.plain("f"), leave=("mtime", "links"))
    t.sh("find . -mindepth 1 -delete", cwd=t.here("f"))
    t.equal("after -delete of everything", os.listdir(t.there("f")), [])
    t.run("rmdir", t.there("f"))
    t.true("the directory", not os.path.exists(t.here("f")))


def zip_unzip(t):
    """zip -r, unzip -t on the other mount, unzip on both"""
    t.needs("zip", "unzip")
    source = sample.make(t.plain("s"), simple=True)
    t.run("cp", "-a", source, t.here("s"))
    t.run("zip", "-qry", "a.zip", "s")
    t.run("unzip", "-q", "a.zip", "-d", "u")
    t.true("unzip -t", "No errors detected" in t.run("unzip", "-t", t.there("a.zip")))
    t.run("unzip", "-q", "a.zip", "-d", "v", cwd=t.there())
    for way in ("u", "v"):
        t.same("unpacked", t.there(f"{way}/s"), source, leave=("mtime of a link",))
    t.run("zip", "-qd", "a.zip", "s/many/*", cwd=t.there())
    t.run("zip", "-qr", "a.zip", "s/many")
    t.true("unzip -t after a change", "No errors detected" in t.run("unzip", "-t", t.there("a.zip")))
    t.equal("names", sorted(t.run("unzip", "-Z1", t.there("a.zip")).splitlines()), sorted(t.run("unzip", "-Z1", "a.zip").splitlines()))


def setfacl(t):
    """setfacl -R and a default list: getfacl on the other mount tells what it tells on a plain disk"""
    t.needs("setfacl", "getfacl")
    t.needs_plain_attributes(ACL, sample.LIST)
    t.both("a", """
        mkdir -p d/e; for n in 1 2 3; do echo $n > d/e/f$n; done; setfacl -R -m u:30001:rwX,g:30100:r d; setfacl -d -m u:30002:rx d/e; echo 4 > d/e/f4; mkdir d/e/g
        setfacl -x u:30001 d/e/f1; setfacl -b d/e/f2; chmod 600 d/e/f3; getfacl -R --numeric d > ../list; cp -a d copy; mkdir r; setfacl -R -b copy; setfacl --restore=../list; rm ../list""")
    t.same("lists", t.there("a"), t.plain("a"), leave=("mtime",))
    tell = lambda top: sorted(t.run("getfacl", "-R", "--numeric", "d", "copy", cwd=top).split("\n\n"))  # in whatever order the names are listed
    t.equal("getfacl", tell(t.there("a")), tell(t.plain("a")))


def setfattr_setcap(t):
    """setfattr, setcap and cp -a of the file: getfattr and getcap on the other mount tell what they tell on a plain disk"""
    t.needs("setfattr", "getfattr", "setcap", "getcap")
    _odd(t)
    t.both("x", """
        cp /bin/true t; chmod 755 t; setcap cap_net_raw,cap_chown+ep t; for n in 1 2 3 4 5; do setfattr -n user.n$n -v "value $n" t; done; setfattr -n user.n3 -v new t; setfattr -x user.n1 t
        setfattr -n trusted.a -v 0s"$(printf 'a\\0b' | base64)" t; cp -a t u; mv u v; cp t w; echo >> w""")
    t.same("attributes", t.there("x"), t.plain("x"), leave=("mtime",))
    tell = "getfattr -d -m - -e hex t v w; getcap t v w"
    t.equal("getfattr and getcap", t.sh(tell, cwd=t.there("x")), t.sh(tell, cwd=t.plain("x")))
