"""What a tool is given: the directory under test, the same directory through another mount, a plain local one to compare with, and programs to run.

A tool acts on here(name), and what it has left is looked at through there(name); plain(name) is on a local disk and holds what is expected.
"""
import hashlib
import os
import shutil
import stat
import subprocess

ACL = "system.posix_acl_access"
# Packages that are not named as their program is.
PACKAGES = {"inotifywait": "inotify-tools", "setfacl": "acl", "getfacl": "acl", "setfattr": "attr", "getfattr": "attr", "initdb": "postgresql",
            "node": "nodejs", "setcap": "libcap2-bin", "getcap": "libcap2-bin", "patch": "patch", "flock": "util-linux"}
KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket", stat.S_IFCHR: "char",
         stat.S_IFBLK: "block"}
COMMIT = "1700000000 +0000"


class Skipped(Exception):
    """The machine lacks what the tool needs; says what."""


class Ended(Exception):
    """A check failed without which the rest has no meaning."""


def digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(f.read()).hexdigest()


def paths(top):
    """All names below top, and top itself as '.'; a directory before what is in it."""
    found = ["."]
    for path, directories, files in os.walk(top):
        found += [os.path.relpath(os.path.join(path, name), top) for name in directories + files]
    return sorted(found)


def describe(path, name, first_names):
    s = os.lstat(path)
    kind = KINDS[stat.S_IFMT(s.st_mode)]
    entry = {"kind": kind, "mode": oct(stat.S_IMODE(s.st_mode)), "owner": (s.st_uid, s.st_gid), "mtime of a link" if kind == "symlink" else "mtime": s.st_mtime_ns}
    if kind != "dir":
        entry["links"] = (s.st_nlink, first_names.setdefault((s.st_dev, s.st_ino), name))
    if kind == "file":
        entry.update(size=s.st_size, content=digest(path))
    if kind == "symlink":
        entry["target"] = os.readlink(path)
    if kind in ("char", "block"):
        entry["device"] = s.st_rdev
    entry["xattrs"] = {n: os.getxattr(path, n, follow_symlinks=False).hex()[:400] for n in sorted(os.listxattr(path, follow_symlinks=False)) if n != "security.selinux"}
    return entry


def tree(top, leave=()):
    """Everything that can be told of each name below top, but for the fields to leave out."""
    first_names = {}
    found = {name: describe(os.path.join(top, name), name, first_names) for name in paths(top)}
    return {name: {k: v for k, v in entry.items() if k not in leave and k.partition(" of ")[0] not in leave} for name, entry in found.items()}


def differences(seen, expected):
    for name in sorted(set(seen) | set(expected)):
        if name not in seen or name not in expected:
            yield f"{name!r} is {'missing' if name in expected else 'too many'}"
        elif seen[name] != expected[name]:
            fields = sorted(k for k in set(seen[name]) | set(expected[name]) if seen[name].get(k) != expected[name].get(k))
            yield f"{name!r}: " + ", ".join(f"{k} {seen[name].get(k)} instead of {expected[name].get(k)}" for k in fields)


def short(value, length=300):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= length else f"{text[:length // 2]} … {text[-length // 2:]}"


class Tool:
    def __init__(self, acting, looking, local, tell):
        self.acting, self.looking, self.local, self.tell = acting, looking, local, tell
        self.checks = 0
        self.two_mounts = acting != looking
        self.env = {"PATH": os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": self.plain("home"),
                    "TMPDIR": self.plain("tmp"), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
                    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_AUTHOR_DATE": COMMIT, "GIT_COMMITTER_DATE": COMMIT}
        for name in ("home", "tmp"):
            os.mkdir(self.plain(name))

    # Where

    def here(self, name=""):
        """The path to act on."""
        return os.path.join(self.acting, name) if name else self.acting

    def there(self, name=""):
        """The path to look at, through the other mount."""
        return os.path.join(self.looking, name) if name else self.looking

    def plain(self, name=""):
        """The path on a plain local directory."""
        return os.path.join(self.local, name) if name else self.local

    # What the machine has

    def needs(self, *programs):
        for program in programs:
            if not shutil.which(program, path=self.env["PATH"]):
                raise Skipped(f"apt-get install {PACKAGES.get(program, program)}")

    def needs_root(self):
        if os.geteuid() != 0:
            raise Skipped("needs root")

    def needs_plain_attributes(self, name, value):
        """The local directory keeps such an extended attribute: without, nothing could be compared."""
        open(self.plain("probe"), "wb").close()
        try:
            os.setxattr(self.plain("probe"), name, value)
        except OSError as e:
            raise Skipped(f"{self.local} keeps no {name} ({e.strerror}): set TMPDIR") from e
        finally:
            os.unlink(self.plain("probe"))

    # Checks: what comes first is the expectation in words

    def equal(self, what, seen, expected):
        self.checks += 1
        if seen != expected:
            self._fail(what, f"expected {short(expected)}, saw {short(seen)}")

    def true(self, what, holds, seen=""):
        self.checks += 1
        if not holds:
            self._fail(what, f"saw {short(seen)}" if seen != "" else "does not hold")

    def same(self, what, seen, expected, leave=()):
        """The tree of the first path is that of the second, but for the fields to leave out."""
        expected = tree(expected, leave)
        if len(expected) < 2:
            raise ValueError(f"{what}: there is nothing to compare with")
        found = list(differences(tree(seen, leave), expected))
        self.true(what, not found, f"{len(found)} differences: " + "; ".join(found[:3]))

    def same_file(self, what, seen, expected):
        self.equal(what, (os.path.getsize(seen), digest(seen)), (os.path.getsize(expected), digest(expected)))

    def _fail(self, what, seen):
        self.tell({"what": what, "seen": seen})

    # Acts

    def start(self, *argv, cwd=None, env=None, user=None, **named):
        """Starts a program and does not wait for it."""
        if user is not None:
            named.update(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
        return subprocess.Popen(argv, cwd=cwd or self.here(), env={**self.env, **(env or {})}, **named)

    def run(self, *argv, statuses=(0,), stdin="", seconds=200, **named):
        """Runs a program to its end and returns what it printed. The tool ends here if its status is another one."""
        self.checks += 1
        with self.start(*argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="surrogateescape", **named) as process:
            try:
                out, err = process.communicate(stdin, seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                self._fail(short(" ".join(argv), 100) + f" ends within {seconds} s", "it is stuck")
                raise Ended from None
        self.status = process.returncode
        if self.status not in statuses:
            self._fail(f"{short(' '.join(argv), 100)} ends with status {' or '.join(map(str, statuses))}", f"{self.status}: {short((err + out).strip(), 600)}")
            raise Ended
        return out

    def sh(self, script, **named):
        return self.run("sh", "-ec", script, **named)

    def both(self, name, script, **named):
        """Runs a script of sh in a directory of that name, on the plain disk and here; both must print the same."""
        for top in (self.plain(name), self.here(name)):
            os.makedirs(top, exist_ok=True)
        expected = self.sh(script, cwd=self.plain(name), **named)
        self.equal(f"the script in {name} prints the same as on a plain disk", self.sh(script, cwd=self.here(name), **named), expected)
        return expected

    def write(self, path, data, mode=0o644):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        os.chmod(path, mode)
        return path
