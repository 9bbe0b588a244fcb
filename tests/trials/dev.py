"""A dev cluster for a trial: made in a directory of its own, ended and deleted afterwards."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PANDO = os.path.join(ROOT, "pando")


def say(*words):
    print(time.strftime("%H:%M:%S"), *words, flush=True)


class Failed(Exception):
    """The trial has convicted something, in its words."""


class Dev:
    """Nodes are numbered from 1.

    settings: lines for the head of each node's configuration
    keep:     leave the directory behind when the trial fails
    """

    def __init__(self, nodes, settings="", transport="jnr", keep=False):
        self.nodes, self.settings, self.transport, self.keep = nodes, settings, transport, keep
        self.directory = tempfile.mkdtemp(prefix="pando-trial-")

    def __enter__(self):
        try:
            self.up()
            if self.settings:
                self.dev("down")
                for node in self.all():
                    self.prepend(node, self.settings)
                self.up()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and self.keep:
            self.dev("down", check=False)
            say("kept:", self.directory)
        else:
            self.dev("destroy", check=False)

    def up(self):
        self.dev("up", "--nodes", str(self.nodes), "--transport", self.transport, "--timeout", "150")

    def all(self):
        return range(1, self.nodes + 1)

    def prepend(self, node, lines):
        with open(self.config(node)) as f:
            text = f.read()
        with open(self.config(node), "w") as f:
            f.write(lines + "\n" + text)

    def dev(self, *arguments, check=True, timeout=300, env=None):
        """Runs pando dev ...; its output."""
        return self.pando("dev", *arguments, "--dir", self.directory, check=check, timeout=timeout, env=env)

    def ask(self, node, *arguments, check=True, timeout=600):
        """Runs a command that asks the daemon of a node; its output."""
        return self.pando(*arguments, "--config", self.config(node), check=check, timeout=timeout)

    def pando(self, *arguments, check=True, timeout=300, env=None):
        done = subprocess.run(
            [PANDO, *arguments], capture_output=True, text=True, timeout=timeout, env={**os.environ, **(env or {})})
        if check and done.returncode != 0:
            raise Failed(f"pando {' '.join(arguments)}: exit {done.returncode}: {done.stdout[-800:]} {done.stderr[-800:]}")
        return done.stdout

    def directory_of(self, node):
        return os.path.join(self.directory, f"n{node}")

    def config(self, node):
        return os.path.join(self.directory_of(node), "pando.toml")

    def mount(self, node):
        return os.path.join(self.directory_of(node), "mnt")

    def data(self, node):
        return os.path.join(self.directory_of(node), "data")

    def status(self, node):
        """What a node says of itself; empty when it does not answer."""
        with open(self.config(node)) as f:
            listen = re.search(r'\[status\]\s+listen = "([^"]+)"', f.read()).group(1)
        try:
            with urllib.request.urlopen(f"http://{listen}/status", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return {}

    def leader(self):
        for node in self.all():
            if self.status(node).get("raft", {}).get("role") == "leader":
                return node
        return 0

    def lacks(self, node):
        """How many blocks a node has yet to fetch; -1 while it does not say."""
        return self.status(node).get("blocks", {}).get("need_blocks", -1)


def until(what, test, seconds, pause=0.5):
    """Waits for something; Failed after the time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = test()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(pause)


def disk_bytes(directory):
    """What a directory takes on its disk."""
    total = 0
    for at, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.lstat(os.path.join(at, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


def drop_caches():
    subprocess.run(["sync"], check=True)
    with open("/proc/sys/vm/drop_caches", "w") as f:
        f.write("3")


def run(trial):
    """Runs a trial; the process's exit status: 0 nothing convicted, 1 convicted."""
    try:
        trial()
    except Failed as e:
        say("CONVICTED", e)
        sys.exit(1)
    say("nothing convicted")
