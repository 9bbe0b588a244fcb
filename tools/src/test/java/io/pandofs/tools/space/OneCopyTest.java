package io.pandofs.tools.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OneCopyTest {
  private static final List<List<String>> THREE = List.of(List.of("a", "b", "c"));

  private static NodeStore lacking(@Nullable Map<Integer, Long> lacking) {
    return new NodeStore(Map.of(), lacking);
  }

  private static NodeStore lacking(long blocks) {
    return lacking(blocks == 0 ? Map.of() : Map.of(0, blocks));
  }

  @Test
  void whatOneNodeAloneLacksHasTwoCopies() {
    assertThat(OneCopy.of(THREE, Map.of("a", lacking(5), "b", lacking(0), "c", lacking(0))))
        .isEqualTo(OneCopy.NONE);
  }

  @Test
  void whatTwoOfThreeMayLackTogetherHasOne() {
    assertThat(OneCopy.of(THREE, Map.of("a", lacking(5), "b", lacking(3), "c", lacking(0))))
        .isEqualTo(new OneCopy(3, 0));
    assertThat(OneCopy.of(THREE, Map.of("a", lacking(4), "b", lacking(4), "c", lacking(4))))
        .isEqualTo(new OneCopy(6, 0));
  }

  @Test
  void whoDoesNotTellMayLackAll() {
    assertThat(OneCopy.of(THREE, Map.of("a", lacking(0), "b", lacking(7))))
        .isEqualTo(new OneCopy(7, 0));
    assertThat(OneCopy.of(THREE, Map.of("a", lacking(0), "b", lacking(7), "c", lacking(null))))
        .isEqualTo(new OneCopy(7, 0));
    assertThat(OneCopy.of(THREE, Map.of("a", lacking(0)))).isEqualTo(new OneCopy(0, 1));
  }

  @Test
  void whereOneCopyIsWantedItIsNoTrouble() {
    assertThat(OneCopy.of(List.of(List.of("a")), Map.of("a", lacking(9)))).isEqualTo(OneCopy.NONE);
    assertThat(OneCopy.of(List.of(List.of("a", "b")), Map.of("a", lacking(9), "b", lacking(2))))
        .isEqualTo(new OneCopy(11, 0));
  }

  /** Never too few, whichever blocks they are. */
  @Test
  void noBlockWithOneCopyIsLeftOut() {
    Random random = new Random(5);
    for (int round = 0; round < 2000; round++) {
      int nodes = 2 + random.nextInt(4);
      long[] lacks = new long[nodes];
      long truth = 0;
      for (int block = random.nextInt(30); block > 0; block--) {
        int gone = 0;
        for (int node = 0; node < nodes; node++) {
          if (random.nextInt(3) > 0) {
            lacks[node]++;
            gone++;
          }
        }
        truth += gone >= nodes - 1 ? 1 : 0;
      }
      int told = 2 + random.nextInt(nodes - 1);
      List<Integer> replicas = new ArrayList<>();
      Map<Integer, NodeStore> stores = new HashMap<>();
      for (int node = 0; node < nodes; node++) {
        replicas.add(node);
        if (node < told) {
          stores.put(node, lacking(lacks[node]));
        }
      }
      assertThat(OneCopy.of(List.of(replicas), stores).blocks()).isGreaterThanOrEqualTo(truth);
    }
  }

  @Test
  void itIsToldAsItIs() {
    for (NodeStore store :
        List.of(lacking(null), lacking(0), new NodeStore(Map.of("m/1", 7L), Map.of(255, 3L)))) {
      assertThat(NodeStore.decode(ByteBuffer.wrap(store.encode()))).isEqualTo(store);
    }
    assertThatThrownBy(() -> lacking(Map.of(256, 1L))).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> lacking(Map.of(1, -1L))).isInstanceOf(IllegalArgumentException.class);
  }
}
