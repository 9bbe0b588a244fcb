package io.pandofs.meta.raft;

import io.pandofs.common.DurableFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Judges, before Ratis opens them, whether Raft's files hold all that this node has acknowledged
 * (PROTOCOL rules 17 and 19): every record is read, and the log and the vote must reach as far as
 * the tables, the checkpoints and the {@link LogMark} say. What falls short is refused with a
 * {@link DamagedException}, and nothing is changed.
 *
 * <p>The file that is still written to is then written anew and synced, without a record that was
 * never finished and what is behind it: after an error of fsync a file may read well and not be on
 * the disk, and what Ratis reads at its start it takes for synced.
 */
final class LogCheck {
  private static final Logger LOG = LoggerFactory.getLogger(LogCheck.class);
  private static final String REWRITTEN = "pando-rewritten";

  private final RaftFiles files;

  LogCheck(RaftFiles files) {
    this.files = files;
  }

  /**
   * Checks and prepares the files.
   *
   * @param member whether this node has been a voter
   * @param mark null when there is none
   * @param applied the last index in the tables; -1 for none
   * @param made the index of the newest checkpoint that this node made itself; -1 for none
   * @param installed how far the tables may lawfully be ahead of the log: the index of the newest
   *     checkpoint that came from another node, or the end of a {@link Recovery}; -1 for none
   */
  void run(boolean member, @Nullable LogMark mark, long applied, long made, long installed)
      throws IOException {
    long committed = mark == null ? -1 : mark.committed();
    LogScan log = LogScan.read(files.directory(), Math.max(committed, Math.max(applied, made)));
    checkVote(member, mark, log);
    checkVoters(mark, log);
    long reach = Math.max(log.last(), installed);
    checkReach(reach, committed, "entries up to %d were committed");
    checkReach(reach, applied, "the tables hold entries up to %d");
    checkReach(reach, made, "a checkpoint holds entries up to %d");
    if (log.open() != null) {
      writeAnew(log, log.open());
    }
  }

  private void checkVote(boolean member, @Nullable LogMark mark, LogScan log) throws IOException {
    RaftFiles.Vote vote = files.vote();
    if (vote == null) {
      if (member || log.last() >= 0) {
        throw new DamagedException("the record of votes in " + files.directory() + " is missing");
      }
      return;
    }
    if (vote.term() < log.lastTerm()) {
      throw new DamagedException(
          "the record of votes says term "
              + vote.term()
              + " but the log has entries of term "
              + log.lastTerm());
    }
    if (mark == null) {
      return;
    }
    boolean forgotten =
        vote.term() == mark.term()
            && !mark.vote().isEmpty()
            && !mark.vote().equals(vote.votedFor());
    if (vote.term() < mark.term() || forgotten) {
      throw new DamagedException(
          String.format(
              Locale.ROOT,
              "the record of votes says term %d and a vote for '%s', but this node was in term %d"
                  + " and had voted for '%s'",
              vote.term(),
              vote.votedFor(),
              mark.term(),
              mark.vote()));
    }
  }

  /**
   * The file may lawfully hold older voters than it did: after a start Ratis writes it again with
   * each change that it applies again. The log has the newer ones then.
   */
  private void checkVoters(@Nullable LogMark mark, LogScan log) throws IOException {
    RaftFiles.Voters voters = files.voters();
    if (mark == null || mark.configurationIndex() < 0) {
      return;
    }
    long wanted = mark.configurationIndex();
    boolean inLog = log.first() >= 0 && log.first() <= wanted && wanted <= log.last();
    if (voters == null
        || (voters.index() < wanted && !inLog)
        || (voters.index() == wanted && voters.checksum() != mark.configuration())) {
      throw new DamagedException(
          "the record of voters in " + files.directory() + " is not what was written");
    }
  }

  private void checkReach(long reach, long wanted, String what) throws DamagedException {
    if (reach < wanted) {
      throw new DamagedException(
          String.format(
              Locale.ROOT,
              "the log in %s ends at %d, but " + what,
              files.directory(),
              reach,
              wanted));
    }
  }

  private static void writeAnew(LogScan log, Path file) throws IOException {
    LogScan.Torn torn = log.torn();
    if (torn != null) {
      LOG.warn(
          "{}: entry {} at byte {} was never written to its end, so nobody was told that it was;"
              + " it is dropped",
          torn.file(),
          torn.index(),
          torn.offset());
    }
    Path fresh = file.resolveSibling(REWRITTEN);
    try (FileChannel out =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file), 0, log.openBytes());
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
    DurableFiles.replace(file, fresh);
  }
}
