package io.pandofs.tools.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.config.Budgets;
import io.pandofs.tools.Refusal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DirectMemoryTest {
  private static final long MIB = 1L << 20;

  private static Budgets budgets(long readCache) {
    return new Budgets(32 * MIB, 32 * MIB, readCache, 64 * 1024 * MIB, 64 * 1024 * MIB);
  }

  @Test
  void theDefaultBudgetsFitWhatTheLauncherGives() throws Exception {
    Matcher option =
        Pattern.compile("-XX:MaxDirectMemorySize=(\\d+)m")
            .matcher(Files.readString(Path.of("..", "pando")));
    assertThat(option.find()).isTrue();
    DirectMemory.requireRoomFor(budgets(32 * MIB), Long.parseLong(option.group(1)) * MIB);
  }

  @Test
  void budgetsThatDoNotFitAreRefused() {
    assertThatThrownBy(() -> DirectMemory.requireRoomFor(budgets(256 * MIB), 164 * MIB))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("need 444m")
        .hasMessageContaining("MaxDirectMemorySize=444m");
  }

  @Test
  void theProcessKnowsItsLimit() throws Exception {
    DirectMemory.requireRoomFor(new Budgets(4 * MIB, 4 * MIB, 4 * MIB, 32 * MIB, 32 * MIB));
    assertThatThrownBy(() -> DirectMemory.requireRoomFor(budgets(64 * 1024 * MIB)))
        .isInstanceOf(Refusal.class);
  }
}
