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
    StoragePolicyMessage.Builder out = StoragePolicyMessage.newBuilder().setCopies(copies);
    if (writeQuorum != null) {
      out.setWriteQuorum(StoragePolicyMessage.WriteQuorum.valueOf("WRITE_" + writeQuorum.name()));
    }
    if (compression != null) {
      out.setCompression(
          StoragePolicyMessage.Compression.valueOf("COMPRESS_" + compression.name()));
    }
    return out.build();
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
    Check.that(
        in.getCopies() >= 1 && in.getCopies() <= StoragePolicy.COPIES_MAX,
        "a number of copies that cannot be");
    WriteQuorum quorum =
        switch (in.getWriteQuorum()) {
          case WRITE_MAJORITY -> WriteQuorum.MAJORITY;
          case WRITE_ALL -> WriteQuorum.ALL;
          case WRITE_UNKNOWN, UNRECOGNIZED ->
              throw new MalformedException("an unknown write quorum");
        };
    Compression compression =
        switch (in.getCompression()) {
          case COMPRESS_NONE -> Compression.NONE;
          case COMPRESS_LZ4 -> Compression.LZ4;
          case COMPRESS_ZSTD -> Compression.ZSTD;
          case COMPRESS_UNKNOWN, UNRECOGNIZED ->
              throw new MalformedException("an unknown compression");
        };
    return new StoragePolicy(in.getCopies(), quorum, compression);
  }
}
