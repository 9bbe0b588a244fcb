package io.pandofs.tools.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class UsableSpaceTest {
  private static final List<List<String>> ALL_ON_THREE = List.of(List.of("a", "b", "c"));

  @Test
  void theFullestNodeLimits() {
    assertThat(free(ALL_ON_THREE, Map.of("a", on("1", 100), "b", on("2", 30), "c", on("3", 70))))
        .isEqualTo(30);
  }

  @Test
  void storesOnOneDeviceShareItsFreeSpace() {
    assertThat(free(ALL_ON_THREE, Map.of("a", on("1", 90), "b", on("1", 90), "c", on("1", 90))))
        .isEqualTo(30);
    assertThat(free(ALL_ON_THREE, Map.of("a", on("1", 90), "b", on("1", 90), "c", on("2", 40))))
        .isEqualTo(40);
  }

  @Test
  void aNodeFillsAllOfItsDevices() {
    Map<String, NodeStore> apart =
        Map.of("a", on("1", 100), "b", on("2", 30, "3", 50), "c", on("4", 90));
    assertThat(free(ALL_ON_THREE, apart)).isEqualTo(80);
    NodeStore same = on("1", 60, "2", 90);
    assertThat(free(ALL_ON_THREE, Map.of("a", same, "b", same, "c", same))).isEqualTo(50);
  }

  @Test
  void devicesThatNodesShareInPartAreCountedOnce() {
    Map<String, NodeStore> chain =
        Map.of("a", on("1", 40, "2", 20), "b", on("2", 20, "3", 40), "c", on("3", 40, "4", 20));
    assertThat(free(ALL_ON_THREE, chain)).isEqualTo(40);
    // Which has but the shared one is full when that is.
    Map<String, NodeStore> lame = Map.of("a", on("1", 10), "b", on("1", 10, "2", 500));
    assertThat(free(List.of(List.of("a", "b")), lame)).isEqualTo(10);
  }

  @Test
  void aNodeThatHasLostItsDisksHasNoSpace() {
    Map<String, NodeStore> spaces = Map.of("a", on("1", 100), "b", new NodeStore(Map.of(), null));
    assertThat(free(ALL_ON_THREE, spaces)).isZero();
  }

  @Test
  void aNodeCountsWithItsShareOfTheGroups() {
    List<List<String>> groups =
        List.of(List.of("a", "b"), List.of("b", "c"), List.of("c", "d"), List.of("d", "a"));
    Map<String, NodeStore> spaces =
        Map.of("a", on("1", 50), "b", on("2", 60), "c", on("3", 70), "d", on("4", 80));
    assertThat(free(groups, spaces)).isEqualTo(100);
  }

  @Test
  void aNodeThatIsNotNeededDoesNotLimit() {
    assertThat(free(List.of(List.of("a")), Map.of("a", on("1", 50), "b", on("2", 1))))
        .isEqualTo(50);
  }

  @Test
  void whoHasNotToldIsNotCounted() {
    assertThat(free(ALL_ON_THREE, Map.of("a", on("1", 50)))).isEqualTo(50);
    assertThat(free(ALL_ON_THREE, Map.of())).isZero();
    assertThat(free(List.of(), Map.of("a", on("1", 50)))).isZero();
  }

  @Test
  void largeDisksDoNotOverflow() {
    long exabyte = 1L << 60;
    assertThat(free(List.of(List.of("a"), List.of("a")), Map.of("a", on("1", exabyte))))
        .isEqualTo(exabyte);
  }

  @Test
  void isReadAsItWasTold() {
    for (Map<String, Long> free : List.of(Map.of("7", 123L, "8", 0L), Map.<String, Long>of())) {
      NodeStore space = NodeStore.of("boot", free, null);
      assertThat(NodeStore.decode(ByteBuffer.wrap(space.encode()))).isEqualTo(space);
    }
    assertThat(NodeStore.of("boot", Map.of("7", 1L), null)).isEqualTo(on("boot/7", 1));
    for (String bad :
        List.of(
            "",
            "[]",
            "{}",
            "{\"devices\":[{\"device\":\"d\",\"free_bytes\":-1}]}",
            "x".repeat(40_000))) {
      ByteBuffer bytes = ByteBuffer.wrap(bad.getBytes(StandardCharsets.UTF_8));
      assertThatThrownBy(() -> NodeStore.decode(bytes))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static long free(List<List<String>> groups, Map<String, NodeStore> spaces) {
    return UsableSpace.free(groups, spaces);
  }

  private static NodeStore on(String one, long free, String other, long alsoFree) {
    return new NodeStore(Map.of(one, free, other, alsoFree), null);
  }

  private static NodeStore on(String device, long free) {
    return new NodeStore(Map.of(device, free), null);
  }
}
