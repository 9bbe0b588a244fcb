package io.pandofs.meta.log;

import io.pandofs.common.Errno;
import io.pandofs.common.Timestamp;
import io.pandofs.meta.Attributes;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Reply;
import io.pandofs.meta.wire.AttributesMessage;
import io.pandofs.meta.wire.ReplyMessage;
import io.pandofs.meta.wire.Time;

/** Times, attributes and replies. */
final class AttributesCodec {
  private static final int PERMISSIONS = 07777;
  private static final int NANOS_MAX = 999_999_999;

  private AttributesCodec() {}

  static Time encode(Timestamp time) {
    return Time.newBuilder().setSeconds(time.seconds()).setNanos(time.nanos()).build();
  }

  static Timestamp decode(Time in) throws MalformedException {
    Check.that(in.getNanos() >= 0 && in.getNanos() <= NANOS_MAX, "nanoseconds out of range");
    return new Timestamp(in.getSeconds(), in.getNanos());
  }

  static ReplyMessage encode(Reply reply) {
    ReplyMessage.Builder out =
        ReplyMessage.newBuilder().setErrno(reply.errno().number()).setNumber(reply.number());
    if (reply.attributes() != null) {
      out.setAttributes(encode(reply.attributes()));
    }
    return out.build();
  }

  static Reply decode(ReplyMessage in) throws MalformedException {
    Errno errno = Errno.ofNumber(in.getErrno());
    Check.that(errno.number() == in.getErrno(), "an unknown errno");
    return new Reply(
        errno, in.hasAttributes() ? decode(in.getAttributes()) : null, Check.count(in.getNumber()));
  }

  private static AttributesMessage encode(Attributes attributes) {
    return AttributesMessage.newBuilder()
        .setInode(attributes.inode().value())
        .setMode(attributes.mode())
        .setUid(attributes.uid())
        .setGid(attributes.gid())
        .setLinks(attributes.links())
        .setSizeBytes(attributes.sizeBytes())
        .setAllocatedBytes(attributes.allocatedBytes())
        .setDevice(attributes.device())
        .setAccessed(encode(attributes.accessed()))
        .setModified(encode(attributes.modified()))
        .setChanged(encode(attributes.changed()))
        .setBorn(encode(attributes.born()))
        .build();
  }

  private static Attributes decode(AttributesMessage in) throws MalformedException {
    return new Attributes(
        Check.inode(in.getInode()),
        type(in.getMode()),
        in.getMode() & PERMISSIONS,
        in.getUid(),
        in.getGid(),
        Check.small(in.getLinks()),
        Check.count(in.getSizeBytes()),
        Check.count(in.getAllocatedBytes()),
        in.getDevice(),
        decode(in.getAccessed()),
        decode(in.getModified()),
        decode(in.getChanged()),
        decode(in.getBorn()));
  }

  /** The type in a mode that has nothing but a type and permissions. */
  static FileType type(int mode) throws MalformedException {
    Check.that((mode & ~(FileType.MASK | PERMISSIONS)) == 0, "a mode that is none");
    Check.that((mode & FileType.MASK) != 0, "a mode without a type");
    try {
      return FileType.ofMode(mode);
    } catch (IllegalArgumentException e) {
      throw new MalformedException("an unknown type of file", e);
    }
  }
}
