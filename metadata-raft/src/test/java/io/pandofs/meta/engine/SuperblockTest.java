package io.pandofs.meta.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pandofs.common.Timestamp;
import org.junit.jupiter.api.Test;

class SuperblockTest {
  private final MemoryStore store = new MemoryStore();
  private final Superblock present = Superblock.create(7, Timestamp.EPOCH);

  @Test
  void isFoundAsItWasSaved() {
    assertThat(Superblock.find(store)).isNull();
    present.save(store);
    assertThat(Superblock.find(store)).isEqualTo(present);
  }

  /** What a newer version has written is refused, not read as if it were understood. */
  @Test
  void featuresOfANewerVersionAreRefused() {
    of(Superblock.FORMAT, Superblock.FEATURE_LEVEL + 1).save(store);
    assertThatThrownBy(() -> Superblock.find(store))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("level " + (Superblock.FEATURE_LEVEL + 1));
  }

  @Test
  void theFormatOfANewerVersionIsRefused() {
    of(Superblock.FORMAT + 1, Superblock.FEATURE_LEVEL).save(store);
    assertThatThrownBy(() -> Superblock.find(store))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("format " + (Superblock.FORMAT + 1));
  }

  private Superblock of(int format, int featureLevel) {
    return new Superblock(
        format,
        featureLevel,
        present.volumeId(),
        present.hashKey0(),
        present.hashKey1(),
        present.hashBits(),
        present.born());
  }
}
