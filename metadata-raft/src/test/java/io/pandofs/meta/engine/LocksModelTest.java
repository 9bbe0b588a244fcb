package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.Errno;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.FileLock.Kind;
import io.pandofs.meta.FileLock.Type;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Reply;
import io.pandofs.meta.log.LogEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The locks of the engine against a model that knows each byte by itself. */
class LocksModelTest {
  private static final int BYTES = 8;
  private static final int FILES = 2;
  private static final int SEEDS = Integer.getInteger("pando.model.runs", 40);

  private record Owner(SessionId session, long number) {}

  private record Place(Kind kind, int file, int at) {}

  private record Wait(
      Owner owner, Kind kind, int file, int first, int last, Type type, long ticket) {}

  /** Each byte's owners, and those that wait, in order. The last byte stands for all behind it. */
  private static final class Model {
    final Map<Place, Map<Owner, Type>> held = new HashMap<>();
    final List<Wait> waiting = new ArrayList<>();
    final List<String> granted = new ArrayList<>();

    Map<Owner, Type> at(Kind kind, int file, int at) {
      return held.computeIfAbsent(new Place(kind, file, at), place -> new HashMap<>());
    }

    Set<Owner> blockers(Wait wait) {
      Set<Owner> blockers = new HashSet<>();
      for (int at = wait.first; at <= wait.last; at++) {
        at(wait.kind, wait.file, at)
            .forEach(
                (owner, type) -> {
                  boolean alone = type == Type.EXCLUSIVE || wait.type == Type.EXCLUSIVE;
                  if (alone && !owner.equals(wait.owner)) {
                    blockers.add(owner);
                  }
                });
      }
      return blockers;
    }

    Reply set(Wait wanted) {
      if (blockers(wanted).isEmpty()) {
        waiting.removeIf(each -> isSame(each, wanted));
        hold(wanted);
        grant(wanted.kind, wanted.file);
        return Reply.OK;
      }
      if (wanted.ticket == 0) {
        return Reply.failed(Errno.EAGAIN);
      }
      if (waiting.stream().anyMatch(each -> isSame(each, wanted))) {
        return Operation.SetLock.WAITS;
      }
      if (wanted.kind == Kind.POSIX && reaches(wanted, wanted.owner, new HashSet<>())) {
        return Reply.failed(Errno.EDEADLK);
      }
      waiting.add(wanted);
      if (wanted.kind == Kind.FLOCK) {
        unlock(wanted.owner, wanted.kind, wanted.file, 0, BYTES - 1);
      }
      return Operation.SetLock.WAITS;
    }

    private static boolean isSame(Wait one, Wait other) {
      return one.ticket == other.ticket
          && one.owner.session.equals(other.owner.session)
          && one.kind == other.kind
          && one.file == other.file;
    }

    private boolean reaches(Wait from, Owner sought, Set<Owner> seen) {
      for (Owner blocker : blockers(from)) {
        if (blocker.equals(sought)) {
          return true;
        }
        if (seen.add(blocker)
            && waiting.stream()
                .filter(each -> each.owner.equals(blocker) && each.kind == Kind.POSIX)
                .anyMatch(each -> reaches(each, sought, seen))) {
          return true;
        }
      }
      return false;
    }

    private void hold(Wait lock) {
      for (int at = lock.first; at <= lock.last; at++) {
        at(lock.kind, lock.file, at).put(lock.owner, lock.type);
      }
    }

    void unlock(Owner owner, Kind kind, int file, int first, int last) {
      for (int at = first; at <= last; at++) {
        at(kind, file, at).remove(owner);
      }
      grant(kind, file);
    }

    private void grant(Kind kind, int file) {
      int before;
      do {
        before = waiting.size();
        grantOnce(kind, file);
      } while (waiting.size() < before);
    }

    private void grantOnce(Kind kind, int file) {
      Iterator<Wait> next = waiting.iterator();
      while (next.hasNext()) {
        Wait wait = next.next();
        if (wait.kind == kind && wait.file == file && blockers(wait).isEmpty()) {
          next.remove();
          hold(wait);
          granted.add(wait.owner.session + " " + wait.ticket);
        }
      }
    }

    void end(SessionId session) {
      waiting.removeIf(wait -> wait.owner.session.equals(session));
      held.values().forEach(owners -> owners.keySet().removeIf(o -> o.session.equals(session)));
      for (int file = 0; file < FILES; file++) {
        for (Kind kind : Kind.values()) {
          grant(kind, file);
        }
      }
    }
  }

  private final LocksRig rig = new LocksRig();
  private final Model model = new Model();
  private final List<InodeId> files = new ArrayList<>();
  private final List<SessionId> sessions = new ArrayList<>();
  private final Map<SessionId, Long> waits = new HashMap<>();

  @Test
  void theyAreThoseOfTheModel() {
    for (long seed = 1; seed <= SEEDS; seed++) {
      new LocksModelTest().run(seed);
    }
  }

  private void run(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < FILES; i++) {
      files.add(rig.engine.file("f" + i));
    }
    for (int i = 0; i < 3; i++) {
      sessions.add(rig.register());
    }
    for (int step = 0; step < 300; step++) {
      String what = step(random);
      assertThat(rig.granted).as("seed %s, %s", seed, what).isEqualTo(model.granted);
      for (int file = 0; file < FILES; file++) {
        for (Kind kind : Kind.values()) {
          for (int at = 0; at < BYTES; at++) {
            assertThat(held(kind, file, at))
                .as("seed %s, %s: %s %s of %s", seed, what, kind, at, file)
                .isEqualTo(model.at(kind, file, at));
          }
        }
      }
      List<String> wrong = new ArrayList<>();
      new LockCheck(rig.engine.store, wrong::add).run();
      assertThat(wrong).as("seed %s, %s", seed, what).isEmpty();
    }
    for (SessionId session : sessions) {
      rig.engine.apply(new LogEntry.ExpireSession(session));
    }
    assertThat(rig.rows()).as("seed %s", seed).isZero();
  }

  private String step(Random random) {
    SessionId session = sessions.get(random.nextInt(sessions.size()));
    int file = random.nextInt(FILES);
    Kind kind = random.nextInt(3) == 0 ? Kind.FLOCK : Kind.POSIX;
    Owner owner = new Owner(session, random.nextInt(2));
    int first = kind == Kind.FLOCK ? 0 : random.nextInt(BYTES);
    int last = kind == Kind.FLOCK ? BYTES - 1 : first + random.nextInt(BYTES - first);
    int draw = random.nextInt(20);
    if (draw == 0) {
      int gone = random.nextInt(sessions.size());
      rig.engine.apply(new LogEntry.ExpireSession(sessions.get(gone)));
      // In the engine's order: the session's inodes, and the kinds of each.
      model.end(sessions.set(gone, rig.register()));
      return "end";
    }
    if (draw < 3) {
      long ticket = 1L + random.nextInt(1 + waits.getOrDefault(session, 0L).intValue());
      boolean waited =
          model.waiting.removeIf(
              each ->
                  each.ticket == ticket
                      && each.owner.session.equals(session)
                      && each.kind == kind
                      && each.file == file);
      Reply reply = rig.submit(session, new Operation.CancelLock(files.get(file), kind, ticket));
      assertThat(reply).isEqualTo(waited ? Operation.CancelLock.GIVEN_UP : Reply.OK);
      return "cancel " + ticket;
    }
    if (draw < 8) {
      submit(owner, kind, file, first, last, null, 0);
      model.unlock(owner, kind, file, first, last);
      return "unlock " + owner + " " + first + " to " + last;
    }
    Type type = random.nextBoolean() ? Type.SHARED : Type.EXCLUSIVE;
    long ticket = random.nextBoolean() ? 0 : waits.merge(session, 1L, Long::sum);
    if (ticket > 1 && random.nextInt(8) == 0) {
      ticket--; // asked for again, or for something else by mistake
    }
    Wait wanted = new Wait(owner, kind, file, first, last, type, ticket);
    Reply reply = submit(owner, kind, file, first, last, type, ticket);
    assertThat(reply).as("%s", wanted).isEqualTo(model.set(wanted));
    return wanted.toString();
  }

  private Reply submit(
      Owner owner, Kind kind, int file, int first, int last, @Nullable Type type, long ticket) {
    return rig.submit(
        owner.session,
        new Operation.SetLock(
            files.get(file),
            kind,
            owner.number,
            first,
            last == BYTES - 1 ? Long.MAX_VALUE : last,
            type,
            1,
            ticket));
  }

  private Map<Owner, Type> held(Kind kind, int file, int at) {
    Map<Owner, Type> owners = new HashMap<>();
    for (FileLock lock : FileLocks.held(rig.engine.store, kind, files.get(file))) {
      if (lock.first() <= at && at <= lock.last()) {
        Type before = owners.put(new Owner(lock.session(), lock.owner()), lock.type());
        assertThat(before).isNull();
      }
    }
    return owners;
  }
}
