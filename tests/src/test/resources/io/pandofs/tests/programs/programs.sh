#!/bin/bash
# Ordinary programs on a mount, and the check that another mount shows what they made.
#   programs.sh write NAME     works in $W, a directory of its own on the mount
#   programs.sh check NAME     looks at $R, the same directory seen on another mount, as soon as 'write' has returned
# $REF is a local scratch directory that both may use; $SOURCE a local tree to copy from. Any failing command fails the step.
set -euo pipefail
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_OPTIONAL_LOCKS=0 LC_ALL=C
export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@example.org GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=ann@example.org
need() { command -v "$1" >/dev/null || { echo "these tests need $1" >&2; exit 1; }; }
same() { [ "$1" = "$2" ] || { printf 'expected %s\ngot      %s\n' "$1" "$2" >&2; return 1; }; }
attributes() { (cd "$1" && find . -printf '%p %y %m %U:%G %l %TY-%Tm-%Td %TT\n' | sort); }

write_cp() { cp -a "$SOURCE" "$W/tree"; }
check_cp() { diff -r --no-dereference "$SOURCE" "$R/tree"; same "$(attributes "$SOURCE" | sed 1d | sha256sum)" "$(attributes "$R/tree" | sed 1d | sha256sum)"; }

write_tar() { tar -C "$SOURCE" -cf "$REF/source.tar" .; mkdir "$W/out"; tar -C "$W/out" -xpf "$REF/source.tar"; }
check_tar() { tar -C "$R/out" --compare -f "$REF/source.tar"; diff -r --no-dereference "$SOURCE" "$R/out"; }

write_git() {
  need git
  git init -q -b main "$REF/origin"; cp -a "$SOURCE/." "$REF/origin/"; git -C "$REF/origin" add -A; git -C "$REF/origin" commit -qm first
  git clone -q "$REF/origin" "$W/clone"; cd "$W/clone"
  echo more > more.txt; git add more.txt; git commit -qm second; git checkout -q -b side; git mv more.txt moved.txt; git commit -qm third
  git checkout -q main; git merge -q --no-ff -m merged side; git gc -q; same "" "$(git status --porcelain)"; git rev-parse HEAD > "$REF/head"
}
check_git() {
  cd "$R/clone"; same "$(cat "$REF/head")" "$(git rev-parse HEAD)"; same "" "$(git status --porcelain)"; same more "$(cat moved.txt)"
  git fsck --full --strict 2>"$REF/fsck" || { cat "$REF/fsck" >&2; return 1; }
}

write_sqlite() {
  python3 - "$W/db" <<'PY'
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("create table t(a integer primary key, b text)")
for n in range(40): c.execute("insert into t(b) values(?)", ("x%05d" % n * 20,))
c.execute("begin")
c.executemany("insert into t(b) values(?)", (("y%05d" % n * 20,) for n in range(2000)))
c.execute("commit")
c.execute("begin"); c.execute("delete from t where a < 20"); c.execute("rollback")
c.execute("delete from t where a % 3 = 0"); c.execute("vacuum")
c.execute("insert into t(a, b) values(-1, 'last')")
c.close()
PY
}
check_sqlite() {
  same "ok 1361 last" "$(python3 - "$R/db" <<'PY'
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
print(c.execute("pragma integrity_check").fetchone()[0], c.execute("select count(*) from t").fetchone()[0], c.execute("select b from t where a = -1").fetchone()[0])
PY
)"
}

write_vim() {
  need vim
  seq 1 500 | sed 's/$/ alpha/' > "$W/text"; chmod 640 "$W/text"
  vim -es -N -u NONE -i NONE -c 'set backup writebackup backupcopy=no backupskip=' -c '%s/alpha/beta/' -c wq "$W/text" </dev/null
}
check_vim() {
  seq 1 500 | sed 's/$/ alpha/' | cmp - "$R/text~"; seq 1 500 | sed 's/$/ beta/' | cmp - "$R/text"; same 640 "$(stat -c %a "$R/text")"
  same "text text~" "$(ls "$R" | xargs)"
}

write_fio() {
  need fio
  fio --name=j --directory="$W" --filename=data --rw=randrw --bs=4k --size="${FIO_SIZE:-16M}" --verify=crc32c --fsync=16 --ioengine=psync --randseed=7 >"$REF/fio.log"
  sha256sum < "$W/data" > "$REF/fio.sum"
}
check_fio() { same "$(cat "$REF/fio.sum")" "$(sha256sum < "$R/data")"; }

write_edit() {
  for i in $(seq 1 200); do echo "line $i" >> "$W/log"; done
  sed -i 's/line/LINE/' "$W/log"; mkdir -p "$W/deep/er/est"; echo x > "$W/deep/er/est/file"; mv "$W/deep" "$W/moved"; mkdir "$W/gone"; touch "$W/gone/a" "$W/gone/b"; rm -r "$W/gone"
  ln -s moved/er "$W/short"; ln "$W/log" "$W/hard"; chmod 600 "$W/log"; truncate -s 1G "$W/sparse"; printf end | dd of="$W/sparse" bs=1 seek=1073741821 conv=notrunc status=none
}
check_edit() {
  same 200 "$(grep -c '^LINE' "$R/log")"; same x "$(cat "$R/short/est/file")"; same "hard log moved short sparse" "$(ls "$R" | xargs)"
  same "600 2" "$(stat -c '%a %h' "$R/hard")"; same 1073741824 "$(stat -c %s "$R/sparse")"; same end "$(tail -c 3 "$R/sparse")"
}

"$1_$2"
