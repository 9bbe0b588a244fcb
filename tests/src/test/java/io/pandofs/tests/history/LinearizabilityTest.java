package io.pandofs.tests.history;

import static io.pandofs.tests.history.Judgement.Verdict.CONVICTED;
import static io.pandofs.tests.history.Judgement.Verdict.LINEARIZABLE;
import static io.pandofs.tests.history.Judgement.Verdict.UNDECIDED;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The checker on histories whose verdict a person can see, and on random ones. */
final class LinearizabilityTest {
  @Test
  void concurrentWritesMayBeSeenInEitherOrder() {
    Tape tape = new Tape().ok(0, 100, "write", "1").ok(0, 100, "write", "2");
    tape.saw(10, 20, "read", "-", "2").saw(30, 40, "read", "-", "1");
    assertThat(tape.verdict(Models.register())).isEqualTo(LINEARIZABLE);
    tape.saw(50, 60, "read", "-", "2");
    assertThat(tape.verdict(Models.register())).as("and back").isEqualTo(CONVICTED);
  }

  @Test
  void aStaleReadIsConvictedAndNamed() {
    Tape tape = new Tape().ok(0, 10, "write", "1").ok(20, 30, "write", "2");
    tape.saw(31, 40, "read", "-", "1");
    Judgement judgement = Linearizability.check(Models.register(), tape.operations());
    assertThat(judgement.verdict()).isEqualTo(CONVICTED);
    assertThat(judgement.detail()).contains("this one does not", "read k - -> OK 1");
  }

  @Test
  void aReadThatGoesBackIsConvicted() {
    // Each read by itself could be right: the write is still under way.
    Tape tape = new Tape().ok(0, 10, "write", "1").ok(20, 100, "write", "2");
    tape.saw(30, 40, "read", "-", "2").saw(50, 60, "read", "-", "1");
    assertThat(tape.verdict(Models.register())).isEqualTo(CONVICTED);
  }

  @Test
  void aLostUpdateIsConvicted() {
    Tape tape = new Tape().ok(0, 10, "append", "1").ok(5, 15, "append", "2");
    tape.saw(20, 30, "read", "-", "2");
    assertThat(tape.verdict(Models.log())).isEqualTo(CONVICTED);
  }

  @Test
  void whatWasAppliedTwiceIsConvicted() {
    Tape tape = new Tape().ok(0, 10, "append", "1").lost(5, "append", "2");
    tape.saw(20, 30, "read", "-", "1,2,2");
    assertThat(tape.verdict(Models.log())).isEqualTo(CONVICTED);
    Tape twice = new Tape().ok(0, 10, "add", "-").ok(20, 30, "add", "-");
    assertThat(twice.verdict(Models.member())).as("O_EXCL for two").isEqualTo(CONVICTED);
    Tape own = new Tape().refused(0, 10, "add", "-", "EEXIST");
    assertThat(own.verdict(Models.member())).as("meets its own retry").isEqualTo(CONVICTED);
  }

  @Test
  void aTornRecordIsConvicted() {
    Tape tape = new Tape().ok(0, 10, "append", "1").saw(20, 30, "read", "-", "torn3131");
    assertThat(tape.verdict(Models.log())).isEqualTo(CONVICTED);
  }

  @Test
  void readersThatDisagreeAboutTheOrderAreConvicted() {
    Tape tape = new Tape().ok(0, 100, "append", "1").ok(0, 100, "append", "2");
    tape.saw(110, 120, "read", "-", "1,2");
    assertThat(tape.verdict(Models.log())).isEqualTo(LINEARIZABLE);
    tape.saw(130, 140, "read", "-", "2,1");
    assertThat(tape.verdict(Models.log())).isEqualTo(CONVICTED);
  }

  @Test
  void anUnknownOutcomeMayBeLateOrNever() {
    Tape tape = new Tape().ok(0, 10, "write", "1").lost(20, "write", "2");
    tape.saw(30, 40, "read", "-", "1");
    assertThat(tape.verdict(Models.register())).as("never").isEqualTo(LINEARIZABLE);
    tape.saw(1000, 1010, "read", "-", "2");
    assertThat(tape.verdict(Models.register())).as("late").isEqualTo(LINEARIZABLE);
    tape.saw(2000, 2010, "read", "-", "1");
    assertThat(tape.verdict(Models.register())).as("undone").isEqualTo(CONVICTED);
  }

  @Test
  void anUnknownOutcomeIsNotSeenBeforeItBegan() {
    Tape tape = new Tape().saw(0, 10, "read", "-", "2").lost(20, "write", "2");
    assertThat(tape.verdict(Models.register())).isEqualTo(CONVICTED);
  }

  @Test
  void aLockHasOneHolder() {
    Tape tape = new Tape().ok(0, 10, "acquire", "1").refused(2, 12, "acquire", "2", "EEXIST");
    tape.saw(20, 21, "holder", "-", "1").ok(30, 40, "release", "1").ok(35, 50, "acquire", "3");
    assertThat(tape.verdict(Models.mutex())).isEqualTo(LINEARIZABLE);
    tape.ok(60, 70, "acquire", "4");
    assertThat(tape.verdict(Models.mutex())).as("two holders").isEqualTo(CONVICTED);
    Tape stolen = new Tape().ok(0, 10, "acquire", "1").refused(20, 30, "release", "1", "ENOENT");
    assertThat(stolen.verdict(Models.mutex())).as("gone from its holder").isEqualTo(CONVICTED);
  }

  @Test
  void namesFollowTheRulesOfRename() {
    Tape tape = new Tape().ok(0, 1, "mkdir", "a").ok(2, 3, "link", "b,7").ok(4, 5, "rename", "b,c");
    tape.saw(6, 7, "look", "c", "7").refused(8, 9, "look", "b", "ENOENT");
    tape.refused(10, 11, "look", "a", "EINVAL").refused(12, 13, "unlink", "a", "EISDIR");
    tape.refused(14, 15, "rename", "c,a", "EISDIR").ok(16, 17, "rmdir", "a");
    assertThat(tape.verdict(Models.names())).isEqualTo(LINEARIZABLE);
    tape.saw(20, 21, "look", "b", "7");
    assertThat(tape.verdict(Models.names())).as("the old name again").isEqualTo(CONVICTED);
    Tape wrong =
        new Tape().ok(0, 1, "mkdir", "a").ok(2, 3, "link", "b,7").ok(4, 5, "rename", "b,a");
    assertThat(wrong.verdict(Models.names())).as("a link over a directory").isEqualTo(CONVICTED);
  }

  @Test
  void aRenameSeenInTwoHalvesIsConvicted() {
    Tape tape = new Tape().ok(0, 1, "link", "a,7").ok(10, 100, "rename", "a,b");
    tape.refused(20, 21, "look", "a", "ENOENT").refused(30, 31, "look", "b", "ENOENT");
    assertThat(tape.verdict(Models.names())).isEqualTo(CONVICTED);
  }

  @Test
  void aBudgetEndsTheSearchWithoutAVerdict() {
    Tape tape = new Tape();
    for (int i = 0; i < 12; i++) {
      tape.ok(0, 100, "write", String.valueOf(i));
    }
    tape.saw(200, 210, "read", "-", "none");
    Judgement judgement = Linearizability.check(Models.register(), tape.operations(), 1000);
    assertThat(judgement.verdict()).isEqualTo(UNDECIDED);
  }

  @Test
  void agreesWithTryingAllOrders() {
    Random random = new Random(1);
    int convicted = 0;
    for (int i = 0; i < 6000; i++) {
      List<Operation> tiny = randomHistory(random);
      boolean log = random.nextBoolean();
      Model<String> model = log ? Models.log() : Models.register("0");
      List<Operation> history = log ? asLog(tiny) : tiny;
      boolean expected = AllOrders.explain(model, history);
      Judgement judgement = Linearizability.check(model, history);
      assertThat(judgement.verdict())
          .as("history %d: %s", i, history)
          .isEqualTo(expected ? LINEARIZABLE : CONVICTED);
      convicted += expected ? 0 : 1;
    }
    assertThat(convicted).as("both verdicts are met").isBetween(1000, 5000);
  }

  private static List<Operation> randomHistory(Random random) {
    Tape tape = new Tape();
    int count = 1 + random.nextInt(5);
    for (int i = 0; i < count; i++) {
      long begin = random.nextInt(12);
      long end = begin + 1 + random.nextInt(6);
      int draw = random.nextInt(10);
      if (draw < 4) {
        tape.ok(begin, end, "write", String.valueOf(1 + random.nextInt(2)));
      } else if (draw < 5) {
        tape.lost(begin, "write", "3");
      } else {
        tape.saw(begin, end, "read", "-", String.valueOf(random.nextInt(4)));
      }
    }
    return tape.operations();
  }

  private static List<Operation> asLog(List<Operation> register) {
    List<Operation> log = new ArrayList<>();
    for (Operation o : register) {
      boolean write = o.verb().equals("write");
      String seen = List.of("-", "1", "1,2", "2,3").get(write ? 0 : Integer.parseInt(o.value()));
      log.add(o.part(write ? "append" : "read", o.key(), o.argument(), write ? "-" : seen));
    }
    return log;
  }

  /** The specification itself: every subset of the unknown, in every order. */
  private static final class AllOrders {
    static <S> boolean explain(Model<S> model, List<Operation> operations) {
      return from(model, model.initial(), operations);
    }

    private static <S> boolean from(Model<S> model, S state, List<Operation> left) {
      if (left.stream().noneMatch(Operation::known)) {
        return true;
      }
      for (Operation first : left) {
        boolean mayBeFirst = left.stream().allMatch(o -> o.end() >= first.begin());
        if (mayBeFirst) {
          List<Operation> rest = new ArrayList<>(left);
          rest.remove(first);
          for (S next : model.step(state, first)) {
            if (from(model, next, rest)) {
              return true;
            }
          }
        }
      }
      return false;
    }
  }
}
