package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.meta.DirectoryEntry;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A scan sees what stays exactly once, while other names come and go, also when hashes collide. */
class ReadDirectoryChurnTest {
  @Test
  void whatStaysIsSeenOnce() throws Exception {
    for (int hashBits : new int[] {48, 3, 1}) {
      for (long seed = 1; seed <= 10; seed++) {
        churn(hashBits, new Random(seed), "bits " + hashBits + " seed " + seed);
      }
    }
  }

  private static void churn(int hashBits, Random random, String description) throws Exception {
    EngineRig rig = new EngineRig();
    useHashBits(rig.store, hashBits);
    Map<FileName, InodeId> stays = new HashMap<>();
    for (int i = 0; i < 40; i++) {
      FileName name = FileName.ofText("stays" + i);
      stays.put(name, rig.file(name.toString()));
      rig.file("goes" + i);
    }
    Map<FileName, InodeId> seen = new HashMap<>();
    Set<Long> cookies = new HashSet<>();
    long cookie = 0;
    while (true) {
      List<DirectoryEntry> entries = rig.view().readDirectory(InodeId.ROOT, cookie, 3);
      if (entries.isEmpty()) {
        break;
      }
      for (DirectoryEntry entry : entries) {
        assertThat(entry.cookie()).as(description).isGreaterThan(2);
        assertThat(cookies.add(entry.cookie())).as(description).isTrue();
        cookie = entry.cookie();
        if (stays.containsKey(entry.name())) {
          assertThat(seen.put(entry.name(), entry.inode())).as(description).isNull();
        }
      }
      for (int i = 0; i < 5; i++) {
        String name = "goes" + random.nextInt(80);
        if (random.nextBoolean()) {
          rig.submit(new Operation.Unlink(InodeId.ROOT, EngineRig.name(name)));
        } else {
          rig.create(InodeId.ROOT, "more" + random.nextInt(1000), FileType.REGULAR);
        }
      }
    }
    assertThat(seen).as(description).isEqualTo(stays);
    for (Map.Entry<FileName, InodeId> entry : stays.entrySet()) {
      assertThat(rig.view().lookup(InodeId.ROOT, entry.getKey()).inode())
          .as(description)
          .isEqualTo(entry.getValue());
    }
  }

  private static void useHashBits(Store store, int bits) {
    Superblock s = Superblock.load(store);
    new Superblock(
            s.format(), s.featureLevel(), s.volumeId(), s.hashKey0(), s.hashKey1(), bits, s.born())
        .save(store);
  }
}
