package io.pandofs.tests.fuzz;

import java.util.List;

/** A subject that answered unlike ext4, with what is needed to see it again. */
public record Conviction(long seed, int drawn, List<String> operations, Difference difference) {
  @Override
  public String toString() {
    return "seed %d, %d operations drawn, shrunk to %d:%n%s%n%s"
        .formatted(
            seed,
            drawn,
            operations.size(),
            String.join("\n", operations.stream().map(o -> "  " + o).toList()),
            difference);
  }
}
