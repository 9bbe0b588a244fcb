package io.pandofs.mount.fuse.direct;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Attributes;
import io.pandofs.mount.fuse.MountState;
import io.pandofs.mount.vfs.Namespace;
import io.pandofs.mount.vfs.VolumeSpace;

/** What the kernel is told of inodes, and how often it was given each. Thread-safe. */
final class Nodes {

  private final Namespace namespace;
  private final MountState state;
  private final LookupCounts lookups = new LookupCounts();

  Nodes(Namespace namespace, MountState state) {
    this.namespace = namespace;
    this.state = state;
  }

  /** How often the kernel was given each inode. */
  LookupCounts lookups() {
    return lookups;
  }

  /** Answers with an inode, which the kernel then knows once more. */
  void give(Attributes attributes, Reply out) {
    out.entry(attributes);
    given(attributes.inode());
  }

  /** The kernel is given the inode with the present answer. */
  void given(InodeId inode) {
    lookups.add(inode.value());
  }

  Attributes attributes(InodeId inode) throws ErrnoException {
    return inode.equals(InodeId.ROOT) ? state.root() : namespace.attributes(inode);
  }

  VolumeSpace space() throws ErrnoException {
    return state.space();
  }

  boolean isState(InodeId inode, String attribute) {
    return inode.equals(InodeId.ROOT) && MountState.isState(attribute);
  }

  byte[] state() {
    return state.value();
  }

  /** FUSE_FORGET. Never waits. */
  void forget(Request in) {
    lookups.forget(in.node(), in.int64(Protocol.Forget.LOOKUPS));
  }

  /** FUSE_BATCH_FORGET. Never waits. */
  void forgetMany(Request in) {
    int count = in.int32(Protocol.Forget.BATCH_COUNT);
    in.needs(Protocol.Forget.BATCH_BYTES);
    int most = (in.bodyBytes() - Protocol.Forget.BATCH_BYTES) / Protocol.Forget.ONE_BYTES;
    if (count < 0 || count > most) {
      throw new MalformedRequestException("a batch of " + count);
    }
    for (int i = 0; i < count; i++) {
      int at = Protocol.Forget.BATCH_BYTES + i * Protocol.Forget.ONE_BYTES;
      lookups.forget(
          in.int64(at + Protocol.Forget.ONE_NODE), in.int64(at + Protocol.Forget.ONE_LOOKUPS));
    }
  }
}
