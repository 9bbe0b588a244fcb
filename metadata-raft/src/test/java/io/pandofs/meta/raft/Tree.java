package io.pandofs.meta.raft;

import io.pandofs.common.ErrnoException;
import io.pandofs.common.FileName;
import io.pandofs.common.InodeId;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Caller;
import io.pandofs.meta.FileType;
import io.pandofs.meta.MetadataSession;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Request;

/** Requests that tests make. */
final class Tree {
  private Tree() {}

  static Request request(Operation operation) {
    return new Request(operation, Caller.ROOT, new Timestamp(1_700_000_000, 0));
  }

  static FileName name(String text) {
    return FileName.ofText(text);
  }

  static Request create(MetadataSession session, String name) throws ErrnoException {
    return create(session.nextInode(), name);
  }

  static Request create(InodeId inode, String name) {
    return request(
        new Operation.Create(
            InodeId.ROOT, name(name), inode, FileType.REGULAR, 0644, 0, null, true));
  }

  static Request unlink(String name) {
    return request(new Operation.Unlink(InodeId.ROOT, name(name)));
  }
}
