"""What does not go across filesystems: POSIX.1-2017 link(), rename(), Linux rename(2), link(2)."""
import os
import shutil

from fixture import Skipped
from syscalls import RENAME_EXCHANGE, RENAME_NOREPLACE, renameat2

ELSEWHERE = "/proc/version"  # a file of another filesystem that is on every Linux


def links_and_renames_end_at_the_filesystem(t):
    t.write("f", b"abc")
    t.fails("link from elsewhere", "EXDEV", os.link, ELSEWHERE, t.here("l"))
    t.fails("rename from elsewhere", "EXDEV", os.rename, ELSEWHERE, t.here("r"))
    t.fails("rename to elsewhere", "EXDEV", os.rename, t.here("f"), ELSEWHERE)
    t.fails("NOREPLACE to elsewhere", "EXDEV", renameat2, t.here("f"), "/proc/r", RENAME_NOREPLACE)
    t.fails("EXCHANGE with elsewhere", "EXDEV", renameat2, t.here("f"), ELSEWHERE, RENAME_EXCHANGE)
    t.equal("names", t.names(), ["f"])
    t.content("the file stays", "f", b"abc")


def a_symlink_leads_elsewhere(t):
    os.symlink("/proc/self", t.here("l"))
    t.equal("through it", os.path.basename(os.readlink(t.there("l/exe"))), os.path.basename(os.readlink("/proc/self/exe")))


def another_mount_of_the_tree_is_another_filesystem(t):
    if not t.two_mounts:
        raise Skipped("needs --other")
    t.write("f", b"abc")
    t.fails("link", "EXDEV", os.link, t.here("f"), t.there("l"))
    t.fails("rename", "EXDEV", os.rename, t.here("f"), t.there("r"))
    t.equal("names", t.names(), ["f"])


def a_move_by_copy_keeps_content_mode_and_times(t):
    t.write("f", b"abc", 0o640)
    os.utime(t.here("f"), ns=(10**18 + 7, 10**18 + 9))
    shutil.copy2(t.here("f"), t.here("g"))
    t.content("copy", "g", b"abc")
    t.mode("copy", "g", 0o640)
    t.equal("mtime of the copy", t.stat("g").st_mtime_ns, 10**18 + 9)
