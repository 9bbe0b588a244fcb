"""Reading and writing files: dd and fio."""
import os

import sample


def dd(t):
    """dd with conv=fsync, oflag=direct, dsync and append, iflag=direct on the other mount, notrunc with seek, conv=sparse"""
    data = sample.bytes_of(9, 3 * sample.MIB + 1234)
    t.write(t.plain("f"), data)
    dd = lambda *argv, **named: t.run("dd", "status=none", *argv, **named)
    for name, *options in (("fsync", "bs=64k", "conv=fsync"), ("direct", "bs=64k", "oflag=direct"), ("both", "bs=1M", "oflag=direct", "conv=fdatasync"), ("odd", "bs=7777", "conv=fsync"),
                           ("dsync", "bs=256k", "oflag=dsync"), ("append", "bs=100k", "oflag=append", "conv=notrunc"), ("sparse", "bs=64k", "conv=sparse")):
        dd(f"if={t.plain('f')}", f"of={t.here(name)}", *options)
        t.same_file(name, t.there(name), t.plain("f"))
        dd(f"if={t.there(name)}", f"of={t.plain('back')}", "bs=64k", "iflag=direct")
        t.same_file(f"{name}, read with iflag=direct", t.plain("back"), t.plain("f"))
    for top in (t.plain(), t.here()):
        dd(f"if={t.plain('f')}", "of=patched", "bs=4k", "count=50", cwd=top)
        dd(f"if={t.plain('f')}", "of=patched", "bs=4k", "count=3", "seek=7", "skip=20", "conv=notrunc", cwd=top)
        dd(f"if={t.plain('f')}", "of=patched", "bs=4k", "count=2", "seek=100", "oflag=direct", "conv=notrunc", cwd=top)
        dd("if=/dev/null", "of=patched", "bs=1", "seek=450001", cwd=top)
    t.same_file("patched", t.there("patched"), t.plain("patched"))


def _fio(t, *options, name="fio"):
    t.needs("fio")
    base = ("fio", "--name=v", f"--size={8 * sample.MIB}", "--bs=8k", "--rw=randwrite", "--randseed=7", "--verify=crc32c", "--verify_fatal=1", "--fallocate=none", "--minimal")
    t.run(*base, *options, "--do_verify=1", "--end_fsync=1", f"--filename={t.here(name)}", cwd=t.plain())
    t.equal("size", os.path.getsize(t.there(name)), 8 * sample.MIB)
    t.run(*base, *options, "--verify_only", f"--filename={t.there(name)}", cwd=t.plain())
    if name == "fio":
        t.run("cp", t.there(name), t.plain("bad"))
        t.run("dd", "if=/dev/zero", f"of={t.plain('bad')}", "bs=4k", "count=1", "seek=700", "conv=notrunc", "status=none")
        t.run(*base, *options, "--verify_only", f"--filename={t.plain('bad')}", cwd=t.plain(), statuses=(1, 2, 3, 4, 5))  # it can tell


def fio_verify(t):
    """fio --verify: random writes, checked here and again (--verify_only) on the other mount"""
    _fio(t, "--ioengine=psync")


def fio_libaio_direct(t):
    """the same with libaio and O_DIRECT, 8 at a time"""
    _fio(t, "--ioengine=libaio", "--direct=1", "--iodepth=8")


def fio_io_uring(t):
    """the same with io_uring, 8 at a time"""
    _fio(t, "--ioengine=io_uring", "--iodepth=8")


def fio_mmap(t):
    """the same through a shared mapping"""
    _fio(t, "--ioengine=mmap")


def fio_read_write(t):
    """fio: two jobs that read and write a file each with fdatasync now and then, checked on both mounts"""
    _fio(t, "--ioengine=psync", "--fdatasync=20", name="a")
    _fio(t, "--ioengine=pvsync2", "--fdatasync=20", "--rw=write", name="b")
