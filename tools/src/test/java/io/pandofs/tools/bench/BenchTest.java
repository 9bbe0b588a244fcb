package io.pandofs.tools.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.time.SystemClock;
import io.pandofs.tools.Refusal;
import io.pandofs.tools.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BenchTest {
  private static final Size SMALL = new Size(2, 20, 3, 20);

  @TempDir Path here;
  @TempDir Path there;

  private static boolean isEmpty(Path directory) throws Exception {
    try (Stream<Path> left = Files.list(directory)) {
      return left.findAny().isEmpty();
    }
  }

  @Test
  void eachRowIsMeasuredInBothAndNothingIsLeft() throws Exception {
    Bench bench = new Bench(here, there, SMALL, new SystemClock());
    List<String> told = new ArrayList<>();
    bench.run(null, (done, all, what) -> told.add(done + "/" + all));
    assertThat(told).hasSize(2 * Row.values().length + 1).doesNotHaveDuplicates();
    List<JsonObject> rows = JsonObject.of(bench.document()).objects("rows");
    assertThat(rows).extracting(row -> row.text("row")).hasSize(Row.values().length);
    assertThat(rows)
        .allSatisfy(
            row -> {
              assertThat((double) row.values().get("rate")).isPositive();
              assertThat((double) row.values().get("local_rate")).isPositive();
            });
    assertThat(row(rows, Row.FSYNC).number("p50_nanos")).isPositive();
    assertThat(row(rows, Row.FSYNCS).number("threads")).isEqualTo(3);
    assertThat(bench.table()).hasSizeGreaterThan(Row.values().length);
    assertThat(bench.table().subList(0, Row.values().length + 1))
        .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(100));
    assertThat(isEmpty(here)).isTrue();
    assertThat(isEmpty(there)).isTrue();
  }

  private static JsonObject row(List<JsonObject> rows, Row meant) {
    return rows.stream().filter(row -> row.text("row").equals(meant.key())).findAny().orElseThrow();
  }

  @Test
  void whatIsNoDirectoryIsRefusedAndNothingIsLeft() throws Exception {
    Bench bench = new Bench(here, there.resolve("none"), SMALL, new SystemClock());
    assertThatThrownBy(() -> bench.run(null, (done, all, what) -> {}))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("is not a directory");
    assertThat(isEmpty(here)).isTrue();
  }

  @Test
  void aBoundCountsRequestsAndRounds() {
    Bounds bounds = new Bounds(50_000, 2_000_000, "");
    assertThat(bounds.of(Row.STAT)).isEqualTo(20_000);
    assertThat(bounds.of(Row.FSYNC)).isBetween(476.0, 477.0);
    assertThat(bounds.of(Row.WRITE)).isZero();
    assertThat(new Bounds(50_000, 0, "why").of(Row.FSYNC)).as("no round measured").isZero();
  }

  @Test
  void percentilesAreOfTheSlowest() {
    long[] each = new long[100];
    for (int i = 0; i < each.length; i++) {
      each[i] = 100L - i;
    }
    Figure figure = Figure.of(100, 1_000_000_000, each);
    assertThat(figure).isEqualTo(new Figure(100, 50, 99));
  }
}
