"""Load with checks: stress-ng and dbench."""
import os
import time

from fixture import Skipped, paths, short

SECONDS = 3
STRESSORS = {  # name: options beside the number of operations
    "access": (60,), "acl": (60,), "chdir": (500,), "chmod": (60,), "chown": (300,), "copy-file": (40,),
    "dentry": (300, "--dentries", "60"), "dir": (60, "--dir-dirs", "64"), "dirdeep": (60, "--dirdeep-dirs", "2", "--dirdeep-inodes", "200"), "dirmany": (200,), "dup": (500,), "fallocate": (30, "--fallocate-bytes", "4M"), "fcntl": (500,), "filename": (150,), "flock": (500,), "fpunch": (40,), "fstat": (500,), "getdent": (100,),
    "handle": (500,), "hdd": (300, "--hdd-bytes", "4M", "--hdd-write-size", "16K"), "inotify": (10,), "io-uring": (100,),
    "iomix": (500, "--iomix-bytes", "4M"), "lease": (200,), "link": (30,), "locka": (500,), "lockf": (500,), "lockofd": (500,), "mknod": (60,),
    "mmap": (20, "--mmap-file", "--mmap-bytes", "2M"), "msync": (200, "--msync-bytes", "2M"), "open": (500,), "readahead": (500, "--readahead-bytes", "4M"), "rename": (300,),
    "revio": (300, "--revio-bytes", "4M"), "seek": (500, "--seek-size", "4M"), "sendfile": (100, "--sendfile-size", "1M"), "symlink": (30,), "sync-file": (30, "--sync-file-bytes", "2M"),
    "touch": (200,), "utime": (300,), "xattr": (30,),
}


def _stress_ng(stressor, operations, *options):
    def run(t):
        t.needs("stress-ng")
        if f"--{stressor} " not in t.run("stress-ng", "--help"):
            raise Skipped(f"this stress-ng has no --{stressor}")
        argv = ("stress-ng", "--verify", "--no-rand-seed", "--timeout", str(SECONDS), f"--{stressor}", "2", f"--{stressor}-ops", str(operations), *options)
        stress = lambda top, **named: t.run(*argv, "--temp-path", top, **named)
        stress(t.here(), statuses=(0, 3, 4))
        if t.status:  # the machine lacks a resource or a system call, which a plain disk must say too
            status = t.status
            stress(t.plain("tmp"), statuses=(status,))
            raise Skipped(f"stress-ng cannot run it here, nor on a plain disk (status {status})")
        deadline = time.monotonic() + 10  # libfuse2 keeps a hidden name for a moment after the last close
        while os.listdir(t.there()) and time.monotonic() < deadline:
            time.sleep(0.1)
        t.equal("names that are left, on the other mount", os.listdir(t.there()), [])
    run.__doc__ = f"stress-ng --verify --{stressor} 2, {operations} operations or {SECONDS} s; nothing is left"
    run.__name__ = run.__qualname__ = "stress_ng_" + stressor.replace("-", "_")
    return run


for _name, _options in STRESSORS.items():
    _function = _stress_ng(_name, *_options)
    globals()[_function.__name__] = _function


def dbench(t):
    """dbench -t 10 with two clients; both mounts show the same tree afterwards"""
    t.needs("dbench")
    load = next((p for p in ("/usr/share/dbench/client.txt", "/usr/share/doc/dbench/loadfiles/client.txt") if os.path.exists(p)), None)
    if load is None:
        raise Skipped("dbench has no client.txt")
    out = t.run("dbench", "-t", "10", "-c", load, "-D", t.here(), "2")
    t.true("a throughput is told", "Throughput" in out, out)
    bad = [line for line in out.splitlines() if ("ERROR" in line or "failed" in line or "expected" in line) and "barrier" not in line]
    t.true("no operation goes wrong", not bad, short(bad))
    t.true("it leaves its tree", len(paths(t.here())) > 2)
    t.same("the tree on the other mount", t.there(), t.here())
