package io.pandofs.tests.nemesis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.BlockId;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Extent;
import io.pandofs.meta.NewBlock;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Request;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is taken for done is what the engine did. */
final class NodeLogTest {
  private static final SessionId SESSION = new SessionId(3);

  @TempDir Path dir;
  private Path current;

  @BeforeEach
  void makeDirectory() throws IOException {
    current = Files.createDirectories(dir.resolve("group/current"));
  }

  private static Operation link(String name) {
    return new Operation.Link(new InodeId(9), InodeId.ROOT, FileName.ofText(name));
  }

  private static LogEntry batch(long first, Operation... operations) {
    List<Request> requests =
        List.of(operations).stream()
            .map(operation -> new Request(operation, Caller.ROOT, Timestamp.EPOCH))
            .toList();
    return new LogEntry.Batch(SESSION, first, 0, requests);
  }

  /** As Ratis writes a file of its log. */
  private void write(String file, long first, LogEntry... entries) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write("RaftLog1".getBytes(StandardCharsets.US_ASCII));
    long index = first;
    for (LogEntry entry : entries) {
      ByteString data = ByteString.copyFrom(LogCodec.encode(entry));
      LogEntryProto.newBuilder()
          .setTerm(1)
          .setIndex(index++)
          .setStateMachineLogEntry(StateMachineLogEntryProto.newBuilder().setLogData(data))
          .build()
          .writeDelimitedTo(out);
      out.write(new byte[4]);
    }
    out.write(new byte[100]);
    Files.write(current.resolve(file), out.toByteArray());
  }

  private List<Operation> operations(long upTo) throws IOException {
    return NodeLog.operations(dir, upTo);
  }

  @Test
  void operationsAreThoseUpToAnIndexInOrderOfFiles() throws IOException {
    write("log_inprogress_10", 10, batch(4, link("d")), batch(5, link("e")));
    write("log_8-9", 8, batch(1, link("a"), link("b")), batch(3, link("c")));
    assertThat(operations(10)).containsExactly(link("a"), link("b"), link("c"), link("d"));
    assertThat(operations(8)).containsExactly(link("a"), link("b"));
    assertThat(operations(99)).hasSize(5);
  }

  @Test
  void whatIsSentAgainCountsOnceAndWhatOvertookOthersNotAtAll() throws IOException {
    write(
        "log_inprogress_5",
        5,
        batch(1, link("a")),
        batch(4, link("d")), // refused: 2 and 3 are missing
        batch(1, link("a")),
        batch(2, link("b"), link("c")),
        batch(2, link("b"), link("c")),
        new LogEntry.ExpireSession(new SessionId(8)),
        batch(4, link("d")));
    assertThat(operations(9)).containsExactly(link("a"), link("b"), link("c"));
    assertThat(operations(11)).containsExactly(link("a"), link("b"), link("c"), link("d"));
  }

  @Test
  void aFileWithAnotherEntryThanItsNameSaysIsNotRead() throws IOException {
    write("log_inprogress_5", 6, batch(1, link("a")));
    assertThatThrownBy(() -> operations(9)).hasMessageContaining("has 6 where 5 belongs");
  }

  @Test
  void callsAreKnownByTheirNamesOrByWhereTheyWrote() {
    InodeId file = new InodeId(7);
    BlockId block = new BlockId(256);
    LoggedCalls calls =
        LoggedCalls.of(
            List.of(
                link("link5"),
                new Operation.Rename(
                    InodeId.ROOT, FileName.ofText("from6"), file, FileName.ofText("rename6"), 0),
                new Operation.Write(
                    file,
                    List.of(new Extent(8, 16, block, 0)),
                    List.of(new NewBlock(block, 16, 0, 1, List.of())))));
    assertThat(calls.contains("link", words("B 5"))).isTrue();
    assertThat(calls.contains("link", words("B 6"))).isFalse();
    assertThat(calls.contains("create", words("B 5"))).isFalse();
    assertThat(calls.contains("rename", words("B 6"))).isTrue();
    assertThat(calls.contains("append", words("B 1 7 0"))).isFalse();
    assertThat(calls.contains("append", words("B 2 7 8"))).isTrue();
    assertThat(calls.contains("append", words("B 3 7 16"))).isTrue();
    assertThat(calls.contains("append", words("B 4 7 24"))).isFalse();
    assertThat(calls.contains("append", words("B 2 6 8"))).isFalse();
  }

  private static String[] words(String line) {
    return line.split(" ", -1);
  }
}
