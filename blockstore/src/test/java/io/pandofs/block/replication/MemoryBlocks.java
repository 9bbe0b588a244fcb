package io.pandofs.block.replication;

import io.pandofs.block.BlockConflictException;
import io.pandofs.block.BlockMissingException;
import io.pandofs.block.LocalBlocks;
import io.pandofs.common.BlockId;
import io.pandofs.common.Checksums;
import io.pandofs.common.SessionId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** A store that forgets when the process ends; otherwise as honest as the real one. */
final class MemoryBlocks implements LocalBlocks {
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Stored(LocalBlock block, byte[] bytes) {}

  private final ConcurrentSkipListMap<Long, Stored> blocks = new ConcurrentSkipListMap<>();
  private volatile boolean closed;

  @Override
  public CompletableFuture<Void> put(
      SessionId session, BlockId block, ByteBuffer bytes, int crc32c) {
    if (!bytes.hasRemaining() || bytes.remaining() > 4 << 20) {
      throw new IllegalArgumentException("a block of " + bytes.remaining() + " bytes");
    }
    if (closed) {
      return CompletableFuture.failedFuture(new IOException("closed"));
    }
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    Stored stored = new Stored(new LocalBlock(block, session, copy.length, crc32c), copy);
    Stored before = blocks.putIfAbsent(block.value(), stored);
    if (before != null
        && (before.block().length() != copy.length || before.block().crc32c() != crc32c)) {
      return CompletableFuture.failedFuture(new BlockConflictException(block, "other bytes"));
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void read(BlockId block, int offset, ByteBuffer into) throws IOException {
    check();
    Stored stored = blocks.get(block.value());
    if (stored == null) {
      throw new BlockMissingException(block, "not here");
    }
    if (offset < 0 || offset > stored.bytes().length - into.remaining()) {
      throw new IllegalArgumentException("not within the block");
    }
    if (Checksums.crc32c(ByteBuffer.wrap(stored.bytes())) != stored.block().crc32c()) {
      throw new IOException("memory is bad");
    }
    into.put(stored.bytes(), offset, into.remaining());
  }

  private void check() throws IOException {
    if (closed) {
      throw new IOException("closed");
    }
  }

  @Override
  public @Nullable LocalBlock find(BlockId block) throws IOException {
    check();
    Stored stored = blocks.get(block.value());
    return stored == null ? null : stored.block();
  }

  @Override
  public void delete(List<BlockId> gone) throws IOException {
    check();
    gone.forEach(block -> blocks.remove(block.value()));
  }

  @Override
  public List<LocalBlock> scan(long after, int limit) throws IOException {
    check();
    return blocks.tailMap(after, false).values().stream().limit(limit).map(Stored::block).toList();
  }

  @Override
  public Usage usage() {
    long used = blocks.values().stream().mapToLong(stored -> stored.bytes().length).sum();
    return new Usage(blocks.size(), used, Long.MAX_VALUE - used);
  }

  @Override
  public void close() {
    closed = true;
  }
}
