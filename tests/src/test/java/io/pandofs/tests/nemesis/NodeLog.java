package io.pandofs.tests.nemesis;

import io.pandofs.common.SessionId;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Request;
import io.pandofs.meta.log.LogCodec;
import io.pandofs.meta.log.LogEntry;
import io.pandofs.meta.log.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;

/**
 * What a node's Raft log says was done, read from its files while the node runs. It tells what no
 * look through a mount can: a file's size is asked of who has it leased, and so of a node that is
 * cut off.
 */
final class NodeLog {
  private static final Pattern NAME = Pattern.compile("log_(?:inprogress_)?(\\d+)(?:-\\d+)?");
  private static final int HEADER_BYTES = "RaftLog1".length();
  private static final int CHECKSUM_BYTES = 4;

  private final long upTo;
  private final Map<SessionId, Long> last = new HashMap<>();
  private final List<Operation> operations = new ArrayList<>();

  private NodeLog(long upTo) {
    this.upTo = upTo;
  }

  /**
   * The operations of all sessions in order, each once: what was sent again, and what overtook
   * others and was refused for that, is left out as the engine leaves it out.
   *
   * @param raft the directory of the node's Raft files
   * @param upTo the index of an entry that the node has applied: none after it is looked at
   */
  static List<Operation> operations(Path raft, long upTo) throws IOException {
    NodeLog log = new NodeLog(upTo);
    for (Path file : files(raft)) {
      log.read(file);
    }
    return log.operations;
  }

  private static List<Path> files(Path raft) throws IOException {
    try (Stream<Path> all = Files.walk(raft)) {
      return all.filter(file -> NAME.matcher(file.getFileName().toString()).matches())
          .sorted(Comparator.comparingLong(NodeLog::firstIndex))
          .toList();
    }
  }

  private static long firstIndex(Path file) {
    Matcher matcher = NAME.matcher(file.getFileName().toString());
    return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
  }

  /** Behind the last record there are zeros, or one that is just being written: after upTo. */
  private void read(Path file) throws IOException {
    ByteArrayInputStream in = new ByteArrayInputStream(Files.readAllBytes(file));
    in.skipNBytes(HEADER_BYTES);
    for (long index = firstIndex(file); index <= upTo && in.available() > 0; index++) {
      LogEntryProto entry = LogEntryProto.parseDelimitedFrom(in);
      if (entry.getSerializedSize() == 0) {
        return;
      }
      in.skipNBytes(CHECKSUM_BYTES);
      if (entry.getIndex() != index) {
        throw new IOException(file + " has " + entry.getIndex() + " where " + index + " belongs");
      }
      if (entry.hasStateMachineLogEntry()) {
        add(entry);
      }
    }
  }

  private void add(LogEntryProto entry) throws IOException {
    LogEntry read;
    try {
      read =
          LogCodec.decodeEntry(entry.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer());
    } catch (MalformedException e) {
      throw new IOException("entry " + entry.getIndex() + " makes no sense", e);
    }
    if (read instanceof LogEntry.Batch batch) {
      long first = batch.firstSequence();
      // Of a session that is older than the log it is not known where it was.
      long next = last.getOrDefault(batch.session(), first - 1) + 1;
      List<Request> requests = batch.requests();
      if (first <= next && first + requests.size() > next) {
        requests.subList((int) (next - first), requests.size()).stream()
            .map(Request::operation)
            .forEach(operations::add);
        last.put(batch.session(), first + requests.size() - 1);
      }
    }
  }
}
