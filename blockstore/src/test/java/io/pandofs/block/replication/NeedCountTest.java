package io.pandofs.block.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.block.BlockRow;
import io.pandofs.block.Replicas;
import io.pandofs.common.BlockId;
import io.pandofs.common.NodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.common.time.Clock;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class NeedCountTest {
  private static final NodeId SELF = new NodeId(1);
  private static final int LENGTH = 100;
  private static final int MANY = 150_000;

  private final SteppingClock clock = new SteppingClock();
  private final RepairMeter meter = new RepairMeter();
  private final FakeDirectory directory =
      new FakeDirectory(SELF, clock, new Replicas(1, List.of(SELF), 1));
  private final NeedCount count = new NeedCount(directory, meter, clock);

  /** Each look at it takes a millisecond, and so does a count. */
  private static final class SteppingClock implements Clock {
    private long nanos = 7;

    @Override
    public long nanoTime() {
      nanos += 1_000_000;
      return nanos;
    }

    @Override
    public Timestamp now() {
      return new Timestamp(0, 0);
    }
  }

  private void need(long from, long to) {
    LongStream.range(from, to)
        .forEach(block -> directory.commit(new BlockRow(new BlockId(block), LENGTH, 0)));
  }

  private void settle(long from, long to) {
    directory.settled(LongStream.range(from, to).mapToObj(BlockId::new).toList());
  }

  @Test
  void allAreCountedHoweverManyTheyAre() {
    need(1, MANY + 1);
    assertThat(count.now()).isEqualTo(new NeedCount.Amount(MANY, (long) MANY * LENGTH));
    assertThat(count.byGroup().values().stream().mapToLong(each -> each).sum()).isEqualTo(MANY);
  }

  @Test
  void whatIsFetchedIsTakenOffUntilTheNextCount() {
    need(1, MANY + 1);
    count.now();
    meter.fetched(LENGTH, clock.nanoTime());
    // Not told to the directory: it is the last count, less what has come.
    assertThat(count.now().blocks()).isEqualTo(MANY - 1);
    settle(1, 1001);
    assertThat(count.now().blocks()).isEqualTo(MANY - 1);
    clock.nanos += 30_000_000;
    assertThat(count.now()).isEqualTo(new NeedCount.Amount(MANY - 1000, (MANY - 1000L) * LENGTH));
  }

  @Test
  void fewAreCountedEachTime() {
    need(1, 10);
    assertThat(count.now().blocks()).isEqualTo(9);
    settle(1, 10);
    assertThat(count.now()).isEqualTo(new NeedCount.Amount(0, 0));
    need(10, 11);
    assertThat(count.now().blocks()).isEqualTo(1);
  }

  @Test
  void whenAllOfManyHaveComeThatIsCountedAtOnce() {
    need(1, MANY + 1);
    count.now();
    LongStream.range(0, MANY).forEach(i -> meter.fetched(LENGTH, clock.nanos));
    settle(1, MANY + 1);
    need(MANY + 1, MANY + 2);
    assertThat(count.now().blocks()).isEqualTo(1);
  }
}
