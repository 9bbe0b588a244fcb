"""Running programs, and ETXTBSY: POSIX.1-2017 exec, Linux execve(2), open(2)."""
import os
import subprocess

from fixture import ALICE, ST_NOEXEC, ST_NOSUID, in_child, outcome


def _program(t, name, source):
    t.needs_flag_off(ST_NOEXEC, "noexec")
    with open(source, "rb") as f:
        return t.write(name, f.read(), 0o755)


def a_program_runs(t):
    _program(t, "echo", "/bin/echo")
    done = subprocess.run([t.there("echo"), "hello"], stdout=subprocess.PIPE, timeout=20, check=False)
    t.equal("status", done.returncode, 0)
    t.equal("output", done.stdout, b"hello\n")


def a_script_runs(t):
    t.needs_flag_off(ST_NOEXEC, "noexec")
    t.write("script", b"#!/bin/sh\necho \"$1\"\nexit 3\n", 0o755)
    done = subprocess.run([t.there("script"), "word"], stdout=subprocess.PIPE, timeout=20, check=False)
    t.equal("status", done.returncode, 3)
    t.equal("output", done.stdout, b"word\n")


def what_cannot_be_run(t):
    t.needs_flag_off(ST_NOEXEC, "noexec")
    t.write("plain", b"#!/bin/sh\n", 0o644)
    t.write("nothing", b"\0\1\2 no program", 0o755)
    t.mkdir("d")
    for name, expected in (("plain", "EACCES"), ("nothing", "ENOEXEC"), ("d", "EACCES"), ("missing", "ENOENT"), ("plain/x", "ENOTDIR")):
        t.equal(f"exec of {name}", in_child(lambda: outcome(os.execv, t.there(name), ["x"])), expected)


def a_running_program_cannot_be_written(t):
    path = _program(t, "cat", "/bin/cat")
    with subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        running.stdin.write(b"it runs")
        running.stdin.flush()
        t.equal("it runs", running.stdout.read1(7), b"it runs")
        t.fails("open for writing", "ETXTBSY", os.open, path, os.O_WRONLY)
        t.fails("open for both", "ETXTBSY", os.open, path, os.O_RDWR)
        t.fails("O_TRUNC", "ETXTBSY", os.open, path, os.O_WRONLY | os.O_TRUNC)
        t.fails("truncate", "ETXTBSY", os.truncate, path, 0)
        t.works("open for reading", os.open, path, os.O_RDONLY)
        t.works("chmod", os.chmod, path, 0o700)
        t.works("unlink", os.unlink, path)
        running.stdin.close()
        t.equal("it ends well", running.wait(20), 0)


def a_program_that_is_open_for_writing_cannot_run(t):
    path = _program(t, "true", "/bin/true")
    with t.opened("true", os.O_WRONLY):
        t.equal("exec", in_child(lambda: outcome(os.execv, path, ["true"])), "ETXTBSY")


def a_replaced_program_runs_anew(t):
    t.needs_flag_off(ST_NOEXEC, "noexec")
    for word in (b"one", b"two", b"three"):
        t.write("new", b"#!/bin/sh\necho " + word + b"\n", 0o755)
        os.rename(t.here("new"), t.here("script"))
        done = subprocess.run([t.there("script")], stdout=subprocess.PIPE, timeout=20, check=False)
        t.equal(f"output of {word.decode()}", done.stdout.strip(), word)


def a_set_user_id_program_runs_as_its_owner(t):
    t.needs_callers()
    t.needs_flag_off(ST_NOSUID, "nosuid")
    _program(t, "id", "/usr/bin/id")
    os.chown(t.here("id"), ALICE.uid, ALICE.gid)
    for mode, flag, expected in ((0o4755, "-u", ALICE.uid), (0o2755, "-g", ALICE.gid), (0o755, "-u", os.geteuid())):
        os.chmod(t.here("id"), mode)
        done = subprocess.run([t.there("id"), flag], stdout=subprocess.PIPE, timeout=20, check=False)
        t.equal(f"id {flag} with mode {mode:o}", done.stdout.strip(), b"%d" % expected)
