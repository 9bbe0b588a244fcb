"""Building: make and gcc, npm, Python."""
import glob
import json
import os
import re
import sys
import zipfile

from fixture import Skipped, digest, paths

SOURCES = 14


def _project(t, top):
    for n in range(SOURCES):
        t.write(f"{top}/src/m{n}.c", f'#include "all.h"\nstatic int table[{1000 + n}] = {{{n}}};\nint f{n}(int x) {{ return table[x] + {n} * x; }}\n')
    t.write(f"{top}/src/all.h", "".join(f"int f{n}(int x);\n" for n in range(SOURCES)))
    t.write(f"{top}/src/main.c", '#include <stdio.h>\n#include "all.h"\nint main(void) {\n  int s = 0;\n'
            + "".join(f"  s += f{n}({n});\n" for n in range(SOURCES)) + '  printf("%d\\n", s);\n  return 0;\n}\n')
    t.write(f"{top}/Makefile", """OBJECTS := $(patsubst src/%.c,out/%.o,$(filter-out src/main.c,$(sort $(wildcard src/*.c))))
CFLAGS := -O1 -fPIC -pipe
all: out/static out/shared
out/%.o: src/%.c src/all.h | out
\t$(CC) $(CFLAGS) -c -o $@ $<
out:
\tmkdir $@
out/liball.a: $(OBJECTS)
\t$(AR) rcsD $@ $^
out/liball.so: $(OBJECTS)
\t$(CC) -shared -o $@ $^
out/static: out/main.o out/liball.a
\t$(CC) -o $@ $^
out/shared: out/main.o out/liball.so
\t$(CC) -o $@ out/main.o -Lout -lall -Wl,-rpath,'$$ORIGIN'
""")


def make_gcc(t):
    """make -j4 of a C project with a static and a shared library; run, up to date and made again in part on the other mount"""
    t.needs("make", "gcc", "ar")
    expected = str(sum(n * n for n in range(1, SOURCES))) + "\n"  # table[0] is read by f0 alone, and is 0
    for top in (t.plain("p"), t.here("p")):
        _project(t, top)
        t.run("make", "-j4", "CC=gcc", cwd=top)
    t.equal("what make does the second time", t.run("make", "CC=gcc", cwd=t.here("p")), "make: Nothing to be done for 'all'.\n")
    t.same("what is made is what is made on a plain disk", t.there("p"), t.plain("p"), leave=("mtime",))
    for program in ("static", "shared"):
        t.equal(f"{program} prints", t.run(t.there(f"p/out/{program}")), expected)
    t.run("make", "-q", "CC=gcc", cwd=t.there("p"))
    os.utime(t.there("p/src/m3.c"))
    told = t.run("make", "-j4", "CC=gcc", cwd=t.there("p")).splitlines()
    t.equal("what one newer source makes again", sorted(re.search(r"(-o|rcsD) (\S+)", line)[2] for line in told),
            ["out/liball.a", "out/liball.so", "out/m3.o", "out/shared", "out/static"])
    t.run("make", "-q", "CC=gcc", cwd=t.here("p"))
    t.same("what it made there is here", t.here("p"), t.there("p"))
    t.equal("the program prints after that", t.run(t.here("p/out/shared")), expected)


NPM = {"npm_config_offline": "true", "npm_config_audit": "false", "npm_config_fund": "false", "npm_config_update_notifier": "false", "NO_COLOR": "1"}


def npm_ci(t):
    """npm ci, twice, of a project whose dependencies are a tarball and a directory (no network), with its cache on the mount too; node runs it on the other mount"""
    t.needs("npm", "node")
    left, project = t.plain("left"), t.plain("project")
    files = {f"lib/f{n}.js": f"module.exports = {n};\n" for n in range(30)}
    files["index.js"] = "module.exports = [" + ", ".join(f"require('./lib/f{n}')" for n in range(30)) + "].reduce((a, b) => a + b);\n"
    files["cli.js"] = "#!/usr/bin/env node\nconsole.log('left ' + require('./index.js'));\n"
    files["package.json"] = json.dumps({"name": "left", "version": "1.0.0", "main": "index.js", "bin": {"left": "cli.js"}})
    for name, text in files.items():
        t.write(f"{left}/{name}", text)
    t.write(f"{project}/right/package.json", json.dumps({"name": "right", "version": "2.0.0", "main": "r.js"}))
    t.write(f"{project}/right/r.js", "module.exports = 'right';\n")
    t.write(f"{project}/package.json", json.dumps({"name": "project", "version": "1.0.0", "dependencies": {"left": "file:left-1.0.0.tgz", "right": "file:right"}}))
    t.write(f"{project}/main.js", "console.log(require('left'), require('right'));\n")
    npm = lambda top, *argv: t.run("npm", *argv, cwd=top, env={**NPM, "npm_config_cache": os.path.join(os.path.dirname(top), "cache")})
    npm(left, "pack", "--pack-destination", project)
    npm(project, "install", "--package-lock-only")
    t.run("cp", "-r", project, t.here("project"))
    npm(project, "ci")
    for _ in range(2):
        npm(t.here("project"), "ci")
    t.same("what is installed is what is installed on a plain disk", t.there("project"), project, leave=("mtime",))
    t.equal("the project prints", t.run("node", "main.js", cwd=t.there("project")), f"{sum(range(30))} right\n")
    t.equal("its program prints", t.run("node_modules/.bin/left", cwd=t.there("project")), f"left {sum(range(30))}\n")
    npm(t.there("project"), "ls")


def _wheel(path, name):
    """A package as pip installs it."""
    files = {f"{name}/__init__.py": "VALUE = 42\n", f"{name}/__main__.py": f"from {name} import VALUE\nprint('run', VALUE)\n", **{f"{name}/m{n}.py": f"N = {n}\n" for n in range(20)}}
    info = f"{name}-1.0.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: none\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/RECORD"] = "".join(f"{n},,\n" for n in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as z:
        for file, text in files.items():
            z.writestr(file, text)


def python_venv(t):
    """python3 -m venv, and pip install of a wheel into it; on the other mount it runs and is up to date"""
    if t.run(sys.executable, "-c", "import importlib.util as u; print(bool(u.find_spec('ensurepip')))") != "True\n":
        raise Skipped("apt-get install python3-venv")
    wheel = t.plain("thing-1.0-py3-none-any.whl")
    _wheel(wheel, "thing")
    t.run(sys.executable, "-m", "venv", t.plain("v"))
    pip = (t.plain("v/bin/python"), "-m", "pip", "--disable-pip-version-check", "install", "--no-index", wheel)
    for top in (t.plain("w"), t.here("w")):  # without pip, whose 2000 files take minutes on a slow mount
        t.run(sys.executable, "-m", "venv", "--without-pip", top)
        t.run(*pip, "--prefix", top)
    t.same("what is installed", t.there("w/lib"), t.plain("w/lib"), leave=("mtime", "size", "content"))
    t.equal("its sources", _sources(t.there("w/lib")), _sources(t.plain("w/lib")))
    t.equal("it runs", t.run(t.there("w/bin/python"), "-m", "thing"), "run 42\n")
    t.equal("prefix", t.run(t.there("w/bin/python"), "-c", "import sys; print(sys.prefix, sys.prefix != sys.base_prefix)"), f"{t.there('w')} True\n")
    t.equal("pip has nothing to do", "already" in t.run(t.there("w/bin/python"), *pip[1:], env={"PYTHONPATH": glob.glob(t.plain("v/lib/*/site-packages"))[0]}), True)


def _sources(top):
    return {name: digest(os.path.join(top, name)) for name in paths(top) if name.endswith(".py")}


def python_compileall(t):
    """python3 -m compileall -j 2 of 60 modules; the bytecode is what a plain disk gets, and runs on the other mount"""
    for top in (t.plain("c"), t.here("c")):
        for n in range(60):
            t.write(f"{top}/package/m{n}.py", f"import sys\n\n\ndef f(x):\n    return [x + {n}, sys.maxsize] * {n}\n")
        t.write(f"{top}/package/__init__.py", "")
        t.run(sys.executable, "-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "checked-hash", "package", cwd=top)
    t.same("bytecode", t.there("c"), t.plain("c"), leave=("mtime",))
    t.equal("it runs", t.run(sys.executable, "-c", "from package import m7, m8; print(m7.f(1)[0], m8.f(1)[0])", cwd=t.there("c")), "8 9\n")
