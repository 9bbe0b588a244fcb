package io.pandofs.meta.log;

import io.pandofs.common.Compression;
import io.pandofs.meta.StoragePolicy;
import io.pandofs.meta.StoragePolicy.WriteQuorum;
import io.pandofs.meta.wire.StoragePolicyMessage;
import org.jspecify.annotations.Nullable;

/** The storage policy, and changes of it, as bytes. Stateless. */
public final class PolicyCodec {
  private PolicyCodec() {}

  public static StoragePolicyMessage encode(StoragePolicy policy) {
    return changes(policy.copies(), policy.writeQuorum(), policy.compression());
  }

  /** What is 0 or null is not changed. */
  public static StoragePolicyMessage changes(
      int copies, @Nullable WriteQuorum writeQuorum, @Nullable Compression compression) {
    return StoragePolicyMessage.newBuilder()
        .setCopies(copies)
        .setWriteQuorum(writeQuorum == null ? 0 : writeQuorum.code() + 1)
        .setCompression(compression == null ? 0 : compression.code() + 1)
        .build();
  }

  /**
   * A policy with the changes of a message.
   *
   * @throws MalformedException if one is not known
   */
  public static StoragePolicy changed(StoragePolicy now, StoragePolicyMessage changes)
      throws MalformedException {
    return decode(encode(now).toBuilder().mergeFrom(changes).build());
  }

  /**
   * The policy of a message.
   *
   * @throws MalformedException if a part is not there or not known
   */
  public static StoragePolicy decode(StoragePolicyMessage in) throws MalformedException {
    try {
      return new StoragePolicy(
          in.getCopies(),
          WriteQuorum.ofCode(in.getWriteQuorum() - 1),
          Compression.ofCode(in.getCompression() - 1));
    } catch (IllegalArgumentException e) {
      throw new MalformedException(String.valueOf(e.getMessage()), e);
    }
  }
}
