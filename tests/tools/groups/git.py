"""git."""
import os

MAKE = """
git init -q -b main src
cd src
for n in 1 2 3; do
  mkdir d$n
  for m in 1 2 3 4; do seq $n $((m * 50)) > d$n/f$m; done
  chmod +x d$n/f1; ln -s f2 d$n/link
  git add .; git commit -qm "commit $n"
done
git checkout -q -b topic HEAD~2
for n in 1 2; do seq 1000 > topic$n; git add .; git commit -qm "topic $n"; done
"""
REBASE = """
cd src
git rebase -q main
git checkout -q main
git merge -q --no-ff -m merge topic
git mv d1 moved; git rm -q d2/f2; git stash -q; git stash pop -q --index; git commit -qm moved
"""
CLONE = """
git clone -q src clone
git clone -q --no-local --bare src bare
cd clone
for n in 1 2; do seq 1 $((n * 300)) > c$n; git add .; git commit -qm "clone $n"; done
git gc -q
git worktree add -q -b side ../worktree origin/topic
cd ../worktree
seq 5 > side; git add .; git commit -qm side
git push -q ../bare side
"""
TELL = """
for r in src clone bare; do
  echo "$r"; git -C $r for-each-ref; git -C $r rev-list --objects --all | sort; git -C $r fsck --full --strict --no-progress 2>&1
done
for r in src clone worktree; do git -C $r status --porcelain=v2 --branch; done
git -C clone worktree list --porcelain | sed 's,/.*/,,'
"""
ENV = {"GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "gc.auto", "GIT_CONFIG_VALUE_0": "0", "GIT_CONFIG_KEY_1": "advice.detachedHead", "GIT_CONFIG_VALUE_1": "false",
       "GIT_TEMPLATE_DIR": "/nonexistent"}


def git(t):
    """commit, rebase, merge, stash, clone, gc, worktree and push; on the other mount the same commits and objects, fsck and status clean without reading files again, one more commit"""
    t.needs("git")
    for script in (MAKE, REBASE, CLONE):
        t.both("g", script, env=ENV)
    for repository in ("src", "clone", "worktree"):
        t.equal(f"{repository}: no file differs from the index by its inode number, size or times", t.sh("git diff-files --name-only", cwd=t.there(f"g/{repository}"), env=ENV), "")
    expected = t.sh(TELL, cwd=t.plain("g"), env=ENV)
    t.true("the repositories to compare with are whole", len(expected) > 3000 and "missing" not in expected, expected)
    t.equal("refs, objects, fsck and status", t.sh(TELL, cwd=t.there("g"), env=ENV), expected)
    for name in ("src", "clone", "worktree"):
        t.same(f"work tree of {name}", t.there(f"g/{name}/d3"), t.plain(f"g/{name}/d3"), leave=("mtime",))
    more = "cd clone; seq 7 > more; git add more; git commit -qm more; git checkout -q -b back HEAD~2; git checkout -q main"
    t.sh(more, cwd=t.plain("g"), env=ENV)
    t.sh(more, cwd=t.there("g"), env=ENV)
    after = "git -C clone log --format='%H %T'; git -C clone status --porcelain=v2 --branch; git -C clone fsck --strict --no-progress 2>&1"
    t.equal("after a commit on the other mount", t.sh(after, cwd=t.here("g"), env=ENV), t.sh(after, cwd=t.plain("g"), env=ENV))
    t.true("the commit's file", os.path.exists(t.here("g/clone/more")))
