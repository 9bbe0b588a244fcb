package io.pandofs.meta.raft;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.zip.CRC32C;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.thirdparty.com.google.protobuf.InvalidProtocolBufferException;
import org.jspecify.annotations.Nullable;

/** Ratis' small files beside the log: the vote, and the voters. Neither has a checksum. */
final class RaftFiles {
  private static final String NOBODY = "";

  private final Path current;

  /** What a node has promised; see Raft's currentTerm and votedFor. */
  record Vote(long term, String votedFor) {}

  /** The file of voters holds an entry of the log. */
  record Voters(LogEntryProto entry) {
    long index() {
      return entry.getIndex();
    }

    /**
     * Of who the voters are. The rest of the entry is not always the same: when it has come with a
     * checkpoint it has no term.
     */
    int checksum() {
      RaftConfigurationProto configuration = entry.getConfigurationEntry();
      CRC32C crc = new CRC32C();
      for (List<RaftPeerProto> group :
          List.of(configuration.getPeersList(), configuration.getOldPeersList())) {
        crc.update(group.size());
        group.stream().map(RaftPeerProto::toByteArray).sorted(Arrays::compare).forEach(crc::update);
      }
      return (int) crc.getValue();
    }
  }

  /**
   * @param current where Ratis keeps log and vote of this node's group; see {@link RaftGroups}
   */
  RaftFiles(Path current) {
    this.current = current;
  }

  /** Where the log is. */
  Path directory() {
    return current;
  }

  /** Null when there is none. */
  @Nullable Vote vote() throws IOException {
    Path file = current.resolve("raft-meta");
    if (!Files.exists(file)) {
      return null;
    }
    Properties p = new Properties();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      p.load(reader);
      String votedFor = p.getProperty("votedFor");
      if (votedFor == null || !votedFor.matches("(n\\d+)?")) {
        throw new IllegalArgumentException("votedFor is " + votedFor);
      }
      return new Vote(Long.parseLong(p.getProperty("term", "")), nobody(votedFor));
    } catch (IllegalArgumentException | java.nio.charset.CharacterCodingException e) {
      throw new DamagedException("the record of votes " + file + " is damaged: " + e.getMessage());
    }
  }

  private static String nobody(String votedFor) {
    return votedFor.isEmpty() ? NOBODY : votedFor;
  }

  /** Null when there is none. */
  @Nullable Voters voters() throws IOException {
    Path file = current.resolve("raft-meta.conf");
    if (!Files.exists(file)) {
      return null;
    }
    try {
      return new Voters(LogEntryProto.parseFrom(Files.readAllBytes(file)));
    } catch (InvalidProtocolBufferException e) {
      throw new DamagedException("the record of voters " + file + " is damaged", e);
    }
  }

  /** How far this is, for the next start. */
  LogMark mark(long committed) throws IOException {
    Vote vote = vote();
    Voters voters = voters();
    return new LogMark(
        committed,
        vote == null ? 0 : vote.term(),
        vote == null ? NOBODY : vote.votedFor(),
        voters == null ? 0 : voters.checksum(),
        voters == null ? -1 : voters.index());
  }
}
