"""Databases: SQLite and PostgreSQL."""
import glob
import hashlib
import multiprocessing
import os
import pwd
import random
import shutil
import sqlite3
import subprocess
import time

from fixture import Skipped

FORK = multiprocessing.get_context("fork")


def _open(path, journal="delete"):
    db = sqlite3.connect(path, timeout=60, isolation_level=None)
    db.execute(f"PRAGMA journal_mode={journal}").fetchall()
    return db


def _transactions(path, journal, first, last, told=None):
    """Deterministic transactions with insertions, changes and deletions; each seventh is taken back."""
    db = _open(path, journal)
    db.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, n INTEGER, text TEXT, data BLOB)")
    db.execute("CREATE INDEX IF NOT EXISTS i ON t (n, text)")
    for number in range(first, last):
        r = random.Random(number)
        db.execute("BEGIN IMMEDIATE")
        for _ in range(8):
            db.execute("INSERT INTO t (n, text, data) VALUES (?, ?, ?)", (number, f"row {r.random()}", r.randbytes(r.randrange(3000))))
        db.execute("UPDATE t SET text = text || '+' WHERE id % 17 = ?", (number % 17,))
        db.execute("DELETE FROM t WHERE id % 23 = ? AND n < ?", (number % 23, number - 5))
        db.execute("ROLLBACK" if number % 7 == 0 else "COMMIT")
        if told is not None:
            told.value = number
    mode = db.execute("PRAGMA journal_mode").fetchone()[0]
    db.close()
    return mode


def _state(path):
    """What the database says of itself, and a hash of all rows."""
    db = sqlite3.connect(path, timeout=60)
    integrity = db.execute("PRAGMA integrity_check").fetchall()
    rows = db.execute("SELECT * FROM t ORDER BY id").fetchall()
    db.close()
    return integrity, len(rows), hashlib.sha256(repr(rows).encode()).hexdigest()


def _sqlite(t, journal):
    here, plain = t.here("db"), t.plain("db")
    t.equal("journal mode", _transactions(here, journal, 1, 60), journal)
    _transactions(plain, journal, 1, 60)
    t.equal("nothing but the database is left", os.listdir(t.there()), ["db"])
    t.equal("integrity, rows and content on the other mount", _state(t.there("db")), _state(plain))
    t.true("it holds rows", _state(t.there("db"))[1] > 100)
    _transactions(t.there("db"), journal, 60, 80)
    _transactions(plain, journal, 60, 80)
    t.equal("after transactions on the other mount", _state(here), _state(plain))
    told = FORK.Value("i", 0)
    writer = FORK.Process(target=_transactions, args=(here, journal, 80, 100_000, told))
    writer.start()
    deadline = time.monotonic() + 60
    while told.value < 110 and time.monotonic() < deadline:
        time.sleep(0.001)
    writer.kill()
    writer.join()
    t.true("a killed writer had committed transactions", told.value >= 110, told.value)
    t.true("and left a journal", len(os.listdir(t.there())) > 1 or journal == "delete")
    seen, expected = _state(t.there("db")), []
    for last in range(told.value + 1, told.value + 3):  # the last one may have been committed and not told
        _transactions(plain, journal, 80 if not expected else last - 1, last)
        expected.append(_state(plain))
    t.true("recovered on the other mount: what was committed is there, and nothing else", seen in expected, f"{seen} instead of one of {expected}")
    t.equal("integrity after recovery", seen[0], [("ok",)])


def sqlite_delete(t):
    """SQLite, DELETE journal, 80 transactions, a killed writer; integrity_check, all rows and recovery on the other mount"""
    _sqlite(t, "delete")


def sqlite_wal(t):
    """the same with a WAL"""
    _sqlite(t, "wal")


def _increments(path, count):
    db = _open(path)
    for _ in range(count):
        db.execute("BEGIN IMMEDIATE")
        (value,) = db.execute("SELECT value FROM counter").fetchone()
        db.execute("UPDATE counter SET value = ?", (value + 1,))
        db.execute("INSERT INTO t (n, data) VALUES (?, ?)", (value, os.urandom(2000)))
        db.execute("COMMIT")
    db.close()


def sqlite_two_mounts(t):
    """SQLite, DELETE journal: two writers, one on each mount, at the same time; no transaction is lost"""
    db = _open(t.here("db"))
    db.executescript("CREATE TABLE counter (value INTEGER); INSERT INTO counter VALUES (0); CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER UNIQUE, data BLOB)")
    db.close()
    count = 30
    writers = [FORK.Process(target=_increments, args=(path, count)) for path in (t.here("db"), t.there("db"))]
    for w in writers:
        w.start()
    for w in writers:
        w.join()
    t.equal("both end well", [w.exitcode for w in writers], [0, 0])
    for path in (t.here("db"), t.there("db")):
        db = sqlite3.connect(path, timeout=60)
        t.equal("integrity", db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        t.equal("transactions", (db.execute("SELECT value FROM counter").fetchone()[0], db.execute("SELECT count(*) FROM t").fetchone()[0]), (2 * count, 2 * count))
        db.close()


SUMS = "SELECT " + ", ".join(f"(SELECT coalesce(sum({column}), 0) FROM pgbench_{table})" for column, table in
                             (("abalance", "accounts"), ("bbalance", "branches"), ("tbalance", "tellers"), ("delta", "history")))


class _Postgres:
    def __init__(self, t):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [shutil.which("initdb")]
        if not found[-1]:
            raise Skipped("apt-get install postgresql")
        self.t, self.bin = t, os.path.dirname(found[-1])
        self.user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.sockets = t.plain("sockets")
        os.mkdir(self.sockets)
        if self.user:
            os.chown(self.sockets, self.user.pw_uid, self.user.pw_gid)
            t.env["TMPDIR"] = self.sockets
        t.env.update(PGHOST=self.sockets, PGUSER="pg", PGDATABASE="postgres")

    def __call__(self, program, *argv, **named):
        return self.t.run(os.path.join(self.bin, program), *argv, user=self.user, cwd=self.sockets, **named)

    def up(self, data):
        self("pg_ctl", "-D", data, "-l", f"{self.sockets}/log", "-w", "-t", "120", "-o", f"-k {self.sockets} -c listen_addresses= -c shared_buffers=16MB -c max_connections=20", "start")

    def down(self, data, way):
        self("pg_ctl", "-D", data, "-w", "-t", "120", "-m", way, "stop")

    def ask(self, query):
        return self("psql", "-AXtc", query).strip()

    def sums(self, what):
        sums = self.ask(SUMS).split("|")
        self.t.equal(f"{what}: accounts, branches, tellers and history add up to the same", sums, [sums[0]] * 4)


def postgresql(t):
    """PostgreSQL: initdb, pgbench, stop -m immediate under load, recovery, pg_amcheck; then run from the other mount, pg_checksums"""
    pg = _Postgres(t)
    data = t.here("data")
    os.mkdir(data, 0o700)
    if pg.user:
        os.chown(data, pg.user.pw_uid, pg.user.pw_gid)
    pg("initdb", "-D", data, "-U", "pg", "-A", "trust", "-k", "-E", "UTF8", "--wal-segsize=1", seconds=250)
    pg.up(data)
    pg("pgbench", "-i", "-q", "-s", "1")
    bench = t.start(os.path.join(pg.bin, "pgbench"), "-n", "-c", "4", "-T", "60", user=pg.user, cwd=pg.sockets, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(6)
    told = int(pg.ask("SELECT count(*) FROM pgbench_history"))
    pg.down(data, "immediate")
    bench.wait()
    pg.up(data)
    kept = int(pg.ask("SELECT count(*) FROM pgbench_history"))
    t.true("transactions before the stop are there after recovery", 0 < told <= kept, f"{told} before, {kept} after")
    pg.sums("after recovery")
    pg("pg_amcheck", "--install-missing", "--heapallindexed", "--parent-check", "-d", "postgres")
    everything = "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY aid)) FROM pgbench_accounts t"
    rows = pg.ask(everything)
    t.true("accounts", rows.startswith("100000|"), rows)
    pg.down(data, "fast")
    t.true("pg_checksums on the other mount", "Bad checksums:  0" in pg("pg_checksums", "-c", "-D", t.there("data")))
    pg.up(t.there("data"))
    t.equal("all accounts, from the other mount", pg.ask(everything), rows)
    pg("pgbench", "-n", "-c", "2", "-t", "20")
    pg.sums("from the other mount")
    pg.ask("VACUUM FULL pgbench_accounts")
    t.equal("transactions in all", int(pg.ask("SELECT count(*) FROM pgbench_history")), kept + 40)
    pg("pg_amcheck", "--heapallindexed", "-d", "postgres")
    pg.down(t.there("data"), "fast")
    t.true("pg_checksums after that", "Bad checksums:  0" in pg("pg_checksums", "-c", "-D", data))
