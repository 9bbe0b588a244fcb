package io.pandofs.tests.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HistoryTest {
  @Test
  void readsWhatIsKnownUnknownAndNeverHappened(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("21.history");
    Files.writeString(
        file,
        """
        B 1 10 write k 5
        E 1 20 OK -
        B 2 30 write k 6
        E 2 40 ? EIO
        B 3 50 write k 7
        E 3 60 NONE ENOTCONN
        B 4 70 read k -
        E 4 80 ? EIO
        B 5 90 write k 8
        """);
    History history = History.read(List.of(file));
    assertThat(history.operations()).extracting(Operation::argument).containsExactly("5", "6", "8");
    assertThat(history.operations())
        .extracting(Operation::known)
        .containsExactly(true, false, false);
    assertThat(history.operations()).allMatch(o -> o.node() == 2);
    assertThat(history.failures())
        .extracting(Operation::value)
        .containsExactly("EIO", "ENOTCONN", "EIO", "STUCK");
  }

  @Test
  void aListingIsALookAtEveryName() {
    Tape tape = new Tape().ok(0, 10, "add", "x").ok(0, 10, "add", "y");
    tape.saw(5, 8, "list", "-", "x").saw(20, 30, "list", "-", "x,y");
    History history = new History(tape.operations(), List.of());
    assertThat(history.byMember().keySet()).containsExactly("k/x", "k/y");
    assertThat(history.byMember().values()).allMatch(o -> linearizable(o) && o.size() == 3);
    tape.saw(40, 50, "list", "-", "y");
    assertThat(linearizable(history.byMember().get("k/x"))).as("x was skipped").isFalse();
    assertThat(linearizable(history.byMember().get("k/y"))).isTrue();
  }

  private static boolean linearizable(List<Operation> operations) {
    return Linearizability.check(Models.member(), operations).verdict()
        == Judgement.Verdict.LINEARIZABLE;
  }
}
