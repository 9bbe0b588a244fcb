package io.pandofs.meta.engine;

import static io.pandofs.meta.engine.EngineRig.name;
import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.InodeId;
import io.pandofs.meta.DirectoryEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of the same hash, which no test finds by chance. */
class DentriesTest {
  private static final long FIRST = 5L << 15;

  private final EngineRig rig = new EngineRig();
  private final InodeId parent = rig.directory("d");
  private final Inode file = Inode.find(rig.store, rig.file("f").value());

  private long put(String text) throws Exception {
    long slot = Dentries.freeSlot(rig.store, parent, FIRST);
    Dentries.put(rig.store, parent, slot, name(text), file);
    return slot;
  }

  private Dentries.Dentry find(String text) {
    return Dentries.find(rig.store, parent, name(text), FIRST);
  }

  private void remove(String text) {
    Dentries.remove(rig.store, parent, find(text));
  }

  private List<String> list() {
    return Dentries.list(rig.store, parent, 0, 100).stream()
        .map(entry -> entry.name().toString())
        .toList();
  }

  @Test
  void othersAreFoundWhenTheFirstHasGone() throws Exception {
    assertThat(put("a")).isEqualTo(FIRST);
    assertThat(put("b")).isEqualTo(FIRST + 1);
    assertThat(put("c")).isEqualTo(FIRST + 2);
    remove("a");
    assertThat(find("a")).isNull();
    assertThat(find("b").slot()).isEqualTo(FIRST + 1);
    assertThat(find("c").slot()).isEqualTo(FIRST + 2);
    assertThat(list()).containsExactly("b", "c");
    assertThat(put("e")).as("nobody's slot is free").isEqualTo(FIRST);
    remove("e");
    remove("b");
    assertThat(find("c").slot()).isEqualTo(FIRST + 2);
    assertThat(Dentries.isEmpty(rig.store, parent)).isFalse();
    remove("c");
    assertThat(Dentries.isEmpty(rig.store, parent)).isTrue();
  }

  /** As a rename does that moves the first name of a hash to another one of it. */
  @Test
  void aSlotThatWasChosenBeforeTheFirstWentIsGoodAllTheSame() throws Exception {
    long first = put("a");
    long slot = Dentries.freeSlot(rig.store, parent, FIRST);
    remove("a");
    Dentries.put(rig.store, parent, slot, name("b"), file);
    assertThat(find("b").slot()).isEqualTo(slot).isNotEqualTo(first);
    assertThat(list()).containsExactly("b");
    remove("b");
    assertThat(Dentries.isEmpty(rig.store, parent)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void itIsAMap(long seed) throws Exception {
    Random random = new Random(seed);
    Map<String, Long> model = new TreeMap<>();
    for (int step = 0; step < 2000; step++) {
      String text = "n" + random.nextInt(8);
      if (!model.containsKey(text)) {
        model.put(text, put(text));
      } else if (random.nextInt(4) > 0) {
        remove(text);
        model.remove(text);
      }
      for (int i = 0; i < 8; i++) {
        Dentries.Dentry found = find("n" + i);
        assertThat(found == null ? null : found.slot()).isEqualTo(model.get("n" + i));
      }
      List<Long> cookies = new ArrayList<>();
      for (DirectoryEntry entry : Dentries.list(rig.store, parent, 0, 100)) {
        cookies.add(entry.cookie() - 3);
      }
      assertThat(cookies).containsExactlyElementsOf(model.values().stream().sorted().toList());
      assertThat(Dentries.isEmpty(rig.store, parent)).isEqualTo(model.isEmpty());
      if (step % 100 == 0) {
        assertThat(TableCheck.of(rig.store).problems()).doesNotContainKey(TableProblem.WRONG_SLOT);
      }
    }
  }

  @Test
  void theCheckFindsSlotsThatAreWrong() throws Exception {
    Dentries.put(rig.store, parent, FIRST + 1, name("a"), file);
    assertThat(TableCheck.of(rig.store).problems()).doesNotContainKey(TableProblem.WRONG_SLOT);
    byte[] key = Keys.of(parent.value(), FIRST);
    byte[] nobody = rig.store.get(Table.DENTRIES, key);
    rig.store.delete(Table.DENTRIES, key);
    assertThat(TableCheck.of(rig.store).problems()).containsKey(TableProblem.WRONG_SLOT);
    rig.store.put(Table.DENTRIES, key, nobody);
    rig.store.delete(Table.DENTRIES, Keys.of(parent.value(), FIRST + 1));
    assertThat(TableCheck.of(rig.store).problems()).containsKey(TableProblem.WRONG_SLOT);
  }
}
