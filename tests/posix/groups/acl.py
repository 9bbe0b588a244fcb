"""POSIX access control lists: Linux acl(5), and the draft POSIX.1e that it is from."""
import os
import struct

from fixture import ALICE, BOB, CAROL, TEAM, User, in_child, outcome

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 1, 2, 4, 8, 16, 32
NOBODY = 0xFFFFFFFF


def _acl(*entries):
    """Entries of (tag, rights[, id]) in the form in which the kernel takes them."""
    packed = [struct.pack("<HHI", e[0], e[1], e[2] if len(e) > 2 else NOBODY) for e in entries]
    return struct.pack("<I", 2) + b"".join(packed)


def _set(t, name, *entries, kind=ACCESS):
    t.works("set a list", os.setxattr, t.here(name), kind, _acl(*entries))


def _get(t, name, kind=ACCESS):
    data = os.getxattr(t.there(name), kind)
    return [struct.unpack_from("<HHI", data, n) for n in range(4, len(data), 8)]


def _opens(t, name, user):
    return in_child(lambda: "".join(letter for letter, flag in (("r", os.O_RDONLY), ("w", os.O_WRONLY)) if outcome(os.open, t.there(name), flag) == "ok"), user)


def a_list_is_kept(t):
    t.write("f", b"", 0o640)
    entries = ((USER_OBJ, 6), (USER, 4, ALICE.uid), (GROUP_OBJ, 4), (GROUP, 6, TEAM), (MASK, 6), (OTHER, 0))
    _set(t, "f", *entries)
    t.equal("entries", _get(t, "f"), [(e[0], e[1], e[2] if len(e) > 2 else NOBODY) for e in entries])
    t.equal("it is listed", ACCESS in os.listxattr(t.there("f")), True)
    t.works("removed", os.removexattr, t.here("f"), ACCESS)
    t.fails("gone", "ENODATA", os.getxattr, t.there("f"), ACCESS)


def a_named_user_has_the_named_rights(t):
    t.needs_callers()
    t.write("f", b"", 0o600)
    t.equal("alice before", _opens(t, "f", ALICE), "")
    for rights, expected in ((4, "r"), (6, "rw"), (2, "w"), (0, "")):
        _set(t, "f", (USER_OBJ, 6), (USER, rights, ALICE.uid), (GROUP_OBJ, 0), (MASK, 7), (OTHER, 0))
        t.equal(f"alice with {rights}", _opens(t, "f", ALICE), expected)
        t.equal(f"bob beside alice with {rights}", _opens(t, "f", BOB), "")


def a_named_group_has_the_named_rights(t):
    t.needs_callers()
    t.write("f", b"", 0o600)
    member = User(BOB.uid, BOB.gid, (TEAM,))
    for rights, expected in ((4, "r"), (6, "rw"), (0, "")):
        _set(t, "f", (USER_OBJ, 6), (GROUP_OBJ, 0), (GROUP, rights, TEAM), (MASK, 7), (OTHER, 0))
        t.equal(f"a member with {rights}", _opens(t, "f", member), expected)
        t.equal(f"one who is not, with {rights}", _opens(t, "f", CAROL), "")


def the_mask_bounds_all_but_owner_and_others(t):
    t.needs_callers()
    t.write("f", b"", 0o666)
    os.chown(t.here("f"), BOB.uid, TEAM)
    for mask, expected in ((7, "rw"), (4, "r"), (2, "w"), (1, "")):  # with mask 0 Linux does not look at the list
        _set(t, "f", (USER_OBJ, 6), (USER, 6, ALICE.uid), (GROUP_OBJ, 6), (MASK, mask), (OTHER, 4))
        t.equal(f"a named user with mask {mask}", _opens(t, "f", ALICE), expected)
        t.equal(f"the group with mask {mask}", _opens(t, "f", User(CAROL.uid, TEAM)), expected)
        t.equal(f"the owner with mask {mask}", _opens(t, "f", BOB), "rw")
        t.equal(f"others with mask {mask}", _opens(t, "f", CAROL), "r")


def the_group_bits_show_the_mask_and_chmod_sets_it(t):
    t.write("f", b"", 0o640)
    _set(t, "f", (USER_OBJ, 6), (USER, 7, ALICE.uid), (GROUP_OBJ, 4), (MASK, 6), (OTHER, 0))
    t.mode("with mask 6", "f", 0o660)
    os.chmod(t.here("f"), 0o744)
    t.equal("entries after chmod 744", [(e[0], e[1]) for e in _get(t, "f")], [(USER_OBJ, 7), (USER, 7), (GROUP_OBJ, 4), (MASK, 4), (OTHER, 4)])


def a_list_that_a_mode_can_say_is_a_mode(t):
    t.write("f", b"", 0o640)
    _set(t, "f", (USER_OBJ, 7), (GROUP_OBJ, 5), (OTHER, 1))
    t.mode("after it", "f", 0o751)
    t.fails("it is not kept", "ENODATA", os.getxattr, t.there("f"), ACCESS)


def a_default_list_is_inherited(t):
    t.mkdir("d")
    entries = ((USER_OBJ, 7), (USER, 6, ALICE.uid), (GROUP_OBJ, 5), (MASK, 7), (OTHER, 0))
    _set(t, "d", *entries, kind=DEFAULT)
    wanted = [(e[0], e[1], e[2] if len(e) > 2 else NOBODY) for e in entries]
    t.equal("the directory has it", _get(t, "d", DEFAULT), wanted)
    t.mode("its own mode stays", "d", 0o755)
    os.mkdir(t.here("d/e"), 0o777)
    t.equal("a new directory has it as its own", _get(t, "d/e"), wanted)
    t.equal("and as its default", _get(t, "d/e", DEFAULT), wanted)
    os.close(os.open(t.here("d/f"), os.O_CREAT | os.O_WRONLY, 0o666))
    t.equal("a new file has it, bounded by its mode", _get(t, "d/f"), [(USER_OBJ, 6, NOBODY), (USER, 6, ALICE.uid), (GROUP_OBJ, 5, NOBODY), (MASK, 6, NOBODY), (OTHER, 0, NOBODY)])
    t.fails("a new file has no default", "ENODATA", os.getxattr, t.there("d/f"), DEFAULT)


def a_default_list_takes_the_place_of_the_umask(t):
    t.mkdir("d")
    _set(t, "d", (USER_OBJ, 7), (GROUP_OBJ, 7), (OTHER, 7), kind=DEFAULT)
    os.umask(0o077)
    os.close(os.open(t.here("d/f"), os.O_CREAT | os.O_WRONLY, 0o666))
    os.mkdir(t.here("d/e"), 0o777)
    t.mode("a file", "d/f", 0o666)
    t.mode("a directory", "d/e", 0o777)


def default_lists_are_for_directories(t):
    t.write("f")
    t.fails("a default list of a file", "EACCES", os.setxattr, t.here("f"), DEFAULT, _acl((USER_OBJ, 7), (GROUP_OBJ, 7), (OTHER, 7)))


def lists_without_sense_are_einval(t):
    t.write("f")
    for what, value in (("without others", _acl((USER_OBJ, 7), (GROUP_OBJ, 7))), ("a named user without a mask", _acl((USER_OBJ, 7), (USER, 7, 5), (GROUP_OBJ, 7), (OTHER, 7))),
                        ("the owner twice", _acl((USER_OBJ, 7), (USER_OBJ, 7), (GROUP_OBJ, 7), (OTHER, 7))),
                        ("a tag that does not exist", _acl((USER_OBJ, 7), (3, 7), (GROUP_OBJ, 7), (OTHER, 7))),
                        ("cut short", _acl((USER_OBJ, 7), (GROUP_OBJ, 7), (OTHER, 7))[:-1])):
        t.fails(what, "EINVAL", os.setxattr, t.here("f"), ACCESS, value)


def only_the_owner_sets_a_list(t):
    t.needs_callers()
    t.write("f", b"", 0o666)
    os.chown(t.here("f"), ALICE.uid, ALICE.gid)
    value = _acl((USER_OBJ, 6), (USER, 6, CAROL.uid), (GROUP_OBJ, 6), (MASK, 6), (OTHER, 6))
    t.equal("by another", in_child(lambda: outcome(os.setxattr, t.here("f"), ACCESS, value), BOB), "EPERM")
    t.equal("by the owner", in_child(lambda: outcome(os.setxattr, t.here("f"), ACCESS, value), ALICE), "ok")


def a_file_without_a_list_says_so(t):
    t.write("f")
    t.mkdir("d")
    t.fails("a file", "ENODATA", os.getxattr, t.there("f"), ACCESS)
    t.fails("a directory", "ENODATA", os.getxattr, t.there("d"), DEFAULT)
