package io.pandofs.tests.kit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.tests.history.History;
import io.pandofs.tests.nemesis.FaultReport;
import io.pandofs.tests.nemesis.TableHashes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The judge convicts what is planted, and nothing else. Times are in seconds here. */
final class JudgeTest {
  private static final long SECOND = 1_000_000_000L;
  private static final String EVIDENCE = "process gone";

  /** Node 2 is the target from 10 to 20, and well again at 30. */
  private static final FaultReport FAULT = fault(EVIDENCE, "");

  @TempDir Path dir;

  private static FaultReport fault(String evidence, String complaint) {
    return new FaultReport(
        "kill -9 n2",
        "kill",
        false,
        Set.of(2),
        10 * SECOND,
        20 * SECOND,
        30 * SECOND,
        evidence,
        complaint);
  }

  /** From {@code begin} to well again, in seconds; node 2 is its target. */
  private static FaultReport fault(String kind, boolean hitLeader, long begin, long end) {
    return new FaultReport(
        kind + " n2",
        kind,
        hitLeader,
        Set.of(2),
        begin * SECOND,
        end * SECOND,
        end * SECOND,
        EVIDENCE,
        "");
  }

  /** What clients wrote down. */
  private final class Book {
    private final List<List<String>> nodes =
        List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());

    Book call(int node, double begin, double end, String what, String answer) {
      List<String> lines = nodes.get(node - 1);
      String number = String.valueOf(lines.size());
      lines.add("B %s %d %s".formatted(number, (long) (begin * SECOND), what));
      lines.add("E %s %d %s".formatted(number, (long) (end * SECOND), answer));
      return this;
    }

    /** A call that did not come back. */
    Book stuck(int node, double begin, String what) {
      nodes.get(node - 1).add("B stuck %d %s".formatted((long) (begin * SECOND), what));
      return this;
    }

    History history() throws IOException {
      List<Path> files = new ArrayList<>();
      for (int i = 1; i <= nodes.size(); i++) {
        files.add(Files.write(dir.resolve(i + "1.history"), nodes.get(i - 1)));
      }
      return History.read(files);
    }
  }

  /** A write and a look at it, as they should be. */
  private Book good() {
    return new Book()
        .call(1, 1, 2, "write k 5", "OK -")
        .call(3, 3, 4, "read k -", "OK 5")
        .call(2, 5, 6, "read k -", "OK 5");
  }

  private static List<String> convictions(History history, FaultReport... faults) {
    return judge(history, faults).convictions();
  }

  private static Judge judge(History history, FaultReport... faults) {
    Judge judge = new Judge(List.of(faults));
    judge.workload(Workload.REGISTER, history);
    judge.tables(new TableHashes(7, List.of("ab", "ab", "ab")));
    judge.pauses();
    return judge;
  }

  @Test
  void aGoodRunIsNotConvicted() throws IOException {
    Judge judge = judge(good().call(1, 12, 14, "write k 6", "OK -").history(), FAULT);
    assertThat(judge.convictions()).isEmpty();
    assertThat(judge.pausesOnSurviving()).containsExactly(2_000L);
    assertThat(judge.lines()).anyMatch(line -> line.contains("checked register"));
  }

  @Test
  void looksAtWhatAnotherMountChangedAreCounted() throws IOException {
    Judge judge =
        judge(
            good()
                .call(1, 7, 8, "read k -", "OK 5") // its own
                .call(2, 9, 20, "write k 6", "OK -")
                .call(2, 21, 22, "read k -", "OK 6")
                .call(3, 9, 10, "read k -", "OK 5") // what is under way has not been made yet
                .call(1, 21, 22, "read k -", "OK 6")
                .history());
    assertThat(judge.convictions()).isEmpty();
    assertThat(judge.lookedElsewhere()).isEqualTo(4);
  }

  @Test
  void anAcknowledgedWriteThatIsNotSeenIsConvicted() throws IOException {
    assertThat(convictions(good().call(3, 40, 41, "read k -", "OK 4").history()))
        .singleElement()
        .asString()
        .contains("register k is not linearizable");
  }

  @Test
  void anErrorOnASurvivorIsConvicted() throws IOException {
    assertThat(convictions(good().call(1, 15, 16, "write k 6", "? EIO").history(), FAULT))
        .singleElement()
        .asString()
        .contains("1 errors on surviving mounts", "EIO", "kill -9 n2");
  }

  @Test
  void aLookThatFailedOnASurvivorIsConvictedToo() throws IOException {
    assertThat(convictions(good().call(3, 15, 16, "read k -", "? EIO").history(), FAULT))
        .singleElement()
        .asString()
        .contains("1 errors on surviving mounts");
  }

  @Test
  void aCallThatNeverReachedTheMountOfASurvivorIsConvictedToo() throws IOException {
    assertThat(convictions(good().call(3, 15, 16, "write k 9", "NONE ENOTCONN").history(), FAULT))
        .singleElement()
        .asString()
        .contains("1 errors on surviving mounts", "ENOTCONN");
  }

  @Test
  void anErrorOfTheTargetIsForgivenOnlyAroundItsFault() throws IOException {
    assertThat(convictions(good().call(2, 15, 16, "write k 6", "? EIO").history(), FAULT))
        .isEmpty();
    // Its mount may have to register anew after the node calls itself well.
    assertThat(convictions(good().call(2, 35, 36, "write k 6", "? EIO").history(), FAULT))
        .isEmpty();
    assertThat(convictions(good().call(2, 8, 9, "write k 6", "? EIO").history(), FAULT))
        .singleElement()
        .asString()
        .contains("1 errors on surviving mounts");
    assertThat(convictions(good().call(2, 37, 38, "write k 6", "? EIO").history(), FAULT))
        .singleElement()
        .asString()
        .contains("1 errors on surviving mounts");
  }

  @Test
  void anErrorThatNoCallMayGiveIsConvictedWhereverItWas() throws IOException {
    assertThat(convictions(good().call(2, 15, 16, "write k 6", "? ENOENT").history(), FAULT))
        .singleElement()
        .asString()
        .contains("1 calls failed as none may", "ENOENT");
    assertThat(convictions(good().call(2, 15, 16, "read k -", "? ESTALE").history(), FAULT))
        .singleElement()
        .asString()
        .contains("1 calls failed as none may", "ESTALE");
    assertThat(convictions(good().call(2, 15, 16, "read k -", "? GONE").history(), FAULT))
        .isEmpty();
  }

  @Test
  void anErrorWithoutAnyFaultIsConvicted() throws IOException {
    assertThat(convictions(good().call(2, 15, 16, "write k 6", "? EIO").history())).hasSize(1);
  }

  @Test
  void aCallOfMoreThan45SecondsIsConvictedWhereverItWas() throws IOException {
    assertThat(convictions(good().call(1, 12, 56.9, "write k 6", "OK -").history(), FAULT))
        .isEmpty();
    assertThat(convictions(good().call(1, 12, 57.1, "write k 6", "OK -").history(), FAULT))
        .singleElement()
        .asString()
        .contains("a call took 45100 ms");
    // Of the target, and with an error at last.
    assertThat(convictions(good().call(2, 12, 58, "write k 6", "? EIO").history(), FAULT))
        .singleElement()
        .asString()
        .contains("a call took 46000 ms");
    assertThat(convictions(good().call(2, 12, 58, "read k -", "? EIO").history(), FAULT))
        .hasSize(1);
  }

  @Test
  void aCallOfASurvivorThatDidNotComeBackIsConvicted() throws IOException {
    assertThat(convictions(good().stuck(3, 12, "write k 6").history(), FAULT))
        .singleElement()
        .asString()
        .contains("1 errors on surviving mounts", "STUCK");
  }

  @Test
  void aFaultWithoutEvidenceIsConvicted() throws IOException {
    assertThat(convictions(good().history(), FAULT, fault("", "")))
        .containsExactly("nothing shows that this took place: kill -9 n2");
  }

  @Test
  void aClusterThatDoesNotRecoverIsConvicted() throws IOException {
    assertThat(convictions(good().history(), fault(EVIDENCE, "n2 is silent []")))
        .containsExactly("not well after kill -9 n2: n2 is silent []");
  }

  @Test
  void tablesThatDifferAreConvicted() {
    Judge judge = new Judge(List.of(FAULT));
    judge.tables(new TableHashes(7, List.of("ab", "ab", "cd")));
    assertThat(judge.convictions()).containsExactly("the tables differ at index 7: [ab, ab, cd]");
  }

  @Test
  void pausesAreThoseOfSurvivorsDuringTheFault() throws IOException {
    Judge judge =
        judge(
            good()
                .call(1, 9, 11, "write k 6", "OK -")
                .call(3, 12, 12.5, "read k -", "OK 6")
                .call(2, 12, 19, "read k -", "OK 6")
                .call(1, 50, 59, "read k -", "OK 6")
                .history(),
            FAULT);
    assertThat(judge.pausesOnSurviving()).containsExactly(2_000L);
    assertThat(judge.lines())
        .anyMatch(line -> line.contains("2000 ms on surviving mounts,   7000 ms on the others"));
    assertThat(judge.convictions()).isEmpty();
  }

  @Test
  void pausesAreToldForEachKindAndTheLeadersApart() throws IOException {
    Judge judge =
        judge(
            new Book()
                .call(1, 100, 101, "write k 1", "OK -")
                .call(1, 200, 203, "write k 2", "OK -")
                .call(3, 300, 307, "read k -", "OK 2")
                .call(3, 400, 402, "read k -", "OK 2")
                .call(3, 500, 505, "read k -", "OK 2")
                .call(2, 510, 519, "read k -", "OK 2") // of the target itself
                .history(),
            fault("pause", true, 100, 110),
            fault("pause", true, 200, 210),
            fault("pause", true, 300, 310),
            fault("pause", false, 400, 410),
            fault("oneway deaf", true, 500, 520));
    assertThat(judge.pausesByGroup())
        .containsOnly(
            Map.entry("pause of the leader", List.of(1_000L, 3_000L, 7_000L)),
            Map.entry("pause", List.of(2_000L)),
            Map.entry("oneway deaf of the leader", List.of(5_000L)));
    assertThat(judge.lines())
        .anyMatch(line -> line.matches(".*pause of the leader: +3 faults.* 3000 ms.* 7000 ms"))
        .anyMatch(line -> line.matches(".*, pause: +1 faults.* 2000 ms.* 2000 ms"))
        .anyMatch(line -> line.matches(".*oneway deaf of the leader: +1 faults.* 5000 ms"));
  }
}
