package io.pandofs.block.local;

import io.pandofs.block.LocalBlocks;
import io.pandofs.block.LocalBlocksContract;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The store with its defaults, and with sizes that make it use segments for nearly everything. */
final class LocalBlockStoreTest {
  abstract static class OnDisk extends LocalBlocksContract {
    @TempDir Path directory;
    private final List<StoreFixture> made = new ArrayList<>();

    abstract LocalBlockOptions options(Path directory);

    @Override
    protected LocalBlocks make() throws Exception {
      StoreFixture fixture = new StoreFixture(options(directory));
      made.add(fixture);
      return fixture.open();
    }

    @Override
    protected LocalBlocks reopen(LocalBlocks blocks) throws Exception {
      blocks.close();
      return made.get(0).open();
    }

    @AfterEach
    void closeFixture() {
      made.forEach(StoreFixture::close);
    }
  }

  @Nested
  final class WithDefaults extends OnDisk {
    @Override
    LocalBlockOptions options(Path directory) {
      return LocalBlockOptions.of(directory, StoreFixture.STAMP).withReserve(0);
    }
  }

  @Nested
  final class WithTinySegments extends OnDisk {
    @Override
    LocalBlockOptions options(Path directory) {
      return StoreFixture.tiny(directory);
    }
  }

  @Nested
  final class WithSegmentsOnly extends OnDisk {
    @Override
    LocalBlockOptions options(Path directory) {
      return StoreFixture.tiny(directory).withBatches(0, 1 << 20);
    }
  }
}
