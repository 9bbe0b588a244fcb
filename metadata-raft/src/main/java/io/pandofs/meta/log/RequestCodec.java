package io.pandofs.meta.log;

import com.google.protobuf.ByteString;
import io.pandofs.common.ErrnoException;
import io.pandofs.common.InodeId;
import io.pandofs.meta.Acl;
import io.pandofs.meta.Caller;
import io.pandofs.meta.CreateMode;
import io.pandofs.meta.FileLock;
import io.pandofs.meta.FileType;
import io.pandofs.meta.Operation;
import io.pandofs.meta.Operation.NumberKind;
import io.pandofs.meta.Request;
import io.pandofs.meta.Standing;
import io.pandofs.meta.wire.AccessedMessage;
import io.pandofs.meta.wire.AllocateMessage;
import io.pandofs.meta.wire.CancelLockMessage;
import io.pandofs.meta.wire.CopyRangeMessage;
import io.pandofs.meta.wire.CreateMessage;
import io.pandofs.meta.wire.CreateUnnamedMessage;
import io.pandofs.meta.wire.LinkMessage;
import io.pandofs.meta.wire.NameMessage;
import io.pandofs.meta.wire.ReleaseLeasesMessage;
import io.pandofs.meta.wire.RemoveXattrMessage;
import io.pandofs.meta.wire.RenameMessage;
import io.pandofs.meta.wire.RequestMessage;
import io.pandofs.meta.wire.ReserveNumbersMessage;
import io.pandofs.meta.wire.SetAclMessage;
import io.pandofs.meta.wire.SetAttributesMessage;
import io.pandofs.meta.wire.SetLockMessage;
import io.pandofs.meta.wire.SetXattrMessage;
import io.pandofs.meta.wire.StandingMessage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Operations. What the engine answers with an errno (a flag it does not know) passes. */
final class RequestCodec {
  private static final int PERMISSIONS = 07777;

  /** Over what the engine takes, so that it can say ENAMETOOLONG, ERANGE and E2BIG itself. */
  private static final int TARGET_MAX = 1 << 13;

  private static final int XATTR_NAME_MAX = 1 << 10;
  private static final int XATTR_VALUE_MAX = 1 << 20;
  private static final int LEASES_MAX = 1 << 16;

  /** No operation touches more. */
  private static final int TOUCHED_MAX = 8;

  private RequestCodec() {}

  static RequestMessage encode(Request request) {
    return operation(request.operation())
        .setUid(request.caller().uid())
        .setGid(request.caller().gid())
        .setTime(AttributesCodec.encode(request.time()))
        .setStanding(standing(request.standing()))
        .build();
  }

  private static StandingMessage standing(Standing standing) {
    StandingMessage.Builder out = StandingMessage.newBuilder();
    if (standing instanceof Standing.Ahead) {
      out.setKind(StandingMessage.Kind.AHEAD);
    } else if (standing instanceof Standing.Beside beside) {
      out.setKind(StandingMessage.Kind.BESIDE);
      beside.touched().stream().map(InodeId::value).sorted().forEach(out::addTouched);
    }
    return out.build();
  }

  private static Standing standing(StandingMessage in) throws MalformedException {
    return switch (in.getKind()) {
      case ALONE -> Standing.ALONE;
      case AHEAD -> Standing.AHEAD;
      case BESIDE -> {
        Check.that(in.getTouchedCount() <= TOUCHED_MAX, "too many inodes");
        Set<InodeId> touched = new HashSet<>();
        for (long inode : in.getTouchedList()) {
          touched.add(Check.inode(inode));
        }
        yield new Standing.Beside(touched);
      }
      case UNRECOGNIZED -> throw new MalformedException("a standing of an unknown kind");
    };
  }

  private static RequestMessage.Builder operation(Operation operation) {
    RequestMessage.Builder out = RequestMessage.newBuilder();
    if (operation instanceof Operation.Create create) {
      return out.setCreate(encode(create));
    } else if (operation instanceof Operation.CreateUnnamed create) {
      return out.setCreateUnnamed(encode(create));
    } else if (operation instanceof Operation.CopyRange copy) {
      return out.setCopyRange(encode(copy));
    } else if (operation instanceof Operation.Write write) {
      return out.setWrite(WriteCodec.encode(write));
    } else if (operation instanceof Operation.Relocate relocate) {
      return out.setRelocate(WriteCodec.encode(relocate));
    } else if (operation instanceof Operation.MoveInline move) {
      return out.setMoveInline(WriteCodec.encode(move));
    } else if (operation instanceof Operation.SetAttributes set) {
      return out.setSetAttributes(encode(set));
    } else if (operation instanceof Operation.Rename rename) {
      return out.setRename(
          RenameMessage.newBuilder()
              .setParent(rename.parent().value())
              .setName(ByteString.copyFrom(rename.name().toBytes()))
              .setNewParent(rename.newParent().value())
              .setNewName(ByteString.copyFrom(rename.newName().toBytes()))
              .setFlags(rename.flags()));
    } else if (operation instanceof Operation.Link link) {
      return out.setLink(
          LinkMessage.newBuilder()
              .setInode(link.inode().value())
              .setParent(link.parent().value())
              .setName(ByteString.copyFrom(link.name().toBytes())));
    } else if (operation instanceof Operation.Unlink unlink) {
      return out.setUnlink(
          NameMessage.newBuilder()
              .setParent(unlink.parent().value())
              .setName(ByteString.copyFrom(unlink.name().toBytes())));
    } else if (operation instanceof Operation.RemoveDirectory remove) {
      return out.setRemoveDirectory(
          NameMessage.newBuilder()
              .setParent(remove.parent().value())
              .setName(ByteString.copyFrom(remove.name().toBytes())));
    }
    return otherOperation(operation, out);
  }

  private static RequestMessage.Builder otherOperation(
      Operation operation, RequestMessage.Builder out) {
    if (operation instanceof Operation.Allocate allocate) {
      return out.setAllocate(
          AllocateMessage.newBuilder()
              .setInode(allocate.inode().value())
              .setMode(allocate.mode())
              .setOffset(allocate.offset())
              .setLength(allocate.length()));
    } else if (operation instanceof Operation.SetXattr set) {
      return out.setSetXattr(
          SetXattrMessage.newBuilder()
              .setInode(set.inode().value())
              .setName(ByteString.copyFrom(set.name()))
              .setValue(ByteString.copyFrom(set.value()))
              .setFlags(set.flags()));
    } else if (operation instanceof Operation.SetAcl set) {
      return out.setSetAcl(encode(set));
    } else if (operation instanceof Operation.RemoveXattr remove) {
      return out.setRemoveXattr(
          RemoveXattrMessage.newBuilder()
              .setInode(remove.inode().value())
              .setName(ByteString.copyFrom(remove.name())));
    } else if (operation instanceof Operation.Accessed read) {
      return out.setAccessed(
          AccessedMessage.newBuilder()
              .setInode(read.inode().value())
              .setTime(AttributesCodec.encode(read.time())));
    } else if (operation instanceof Operation.AcquireLease acquire) {
      return out.setAcquireLease(acquire.inode().value());
    } else if (operation instanceof Operation.ReleaseLeases release) {
      return out.setReleaseLeases(
          ReleaseLeasesMessage.newBuilder()
              .addAllInodes(release.inodes().stream().map(InodeId::value).toList()));
    } else if (operation instanceof Operation.SetLock set) {
      return out.setSetLock(encode(set));
    } else if (operation instanceof Operation.CancelLock cancel) {
      return out.setCancelLock(
          CancelLockMessage.newBuilder()
              .setInode(cancel.inode().value())
              .setPosix(cancel.kind() == FileLock.Kind.POSIX)
              .setTicket(cancel.ticket()));
    } else if (operation instanceof Operation.ReserveNumbers reserve) {
      return out.setReserveNumbers(
          ReserveNumbersMessage.newBuilder()
              .setKind(
                  reserve.kind() == NumberKind.INODE
                      ? ReserveNumbersMessage.Kind.INODE
                      : ReserveNumbersMessage.Kind.BLOCK_SERIAL)
              .setCount(reserve.count()));
    }
    throw new IllegalStateException("an operation without an encoding: " + operation);
  }

  private static SetLockMessage encode(Operation.SetLock set) {
    FileLock.Type type = set.type();
    SetLockMessage.Builder out =
        SetLockMessage.newBuilder()
            .setInode(set.inode().value())
            .setPosix(set.kind() == FileLock.Kind.POSIX)
            .setOwner(set.owner())
            .setFirst(set.first())
            .setLast(set.last())
            .setPid(set.pid())
            .setTicket(set.ticket());
    if (type != null) {
      out.setType(
          switch (type) {
            case SHARED -> SetLockMessage.Type.SHARED;
            case EXCLUSIVE -> SetLockMessage.Type.EXCLUSIVE;
          });
    }
    return out.build();
  }

  private static Operation setLock(SetLockMessage in) throws MalformedException {
    FileLock.Type type =
        switch (in.getType()) {
          case UNLOCK -> null;
          case SHARED -> FileLock.Type.SHARED;
          case EXCLUSIVE -> FileLock.Type.EXCLUSIVE;
          case UNRECOGNIZED -> throw new MalformedException("a lock of no known type");
        };
    return new Operation.SetLock(
        Check.inode(in.getInode()),
        kind(in.getPosix()),
        in.getOwner(),
        in.getFirst(),
        in.getLast(),
        type,
        in.getPid(),
        in.getTicket());
  }

  private static FileLock.Kind kind(boolean posix) {
    return posix ? FileLock.Kind.POSIX : FileLock.Kind.FLOCK;
  }

  private static CreateMessage encode(Operation.Create create) {
    CreateMessage.Builder out =
        CreateMessage.newBuilder()
            .setParent(create.parent().value())
            .setName(ByteString.copyFrom(create.name().toBytes()))
            .setInode(create.inode().value())
            .setMode(create.type().bits() | create.mode().permissions())
            .setUmask(create.mode().umask())
            .setDevice(create.device())
            .setExclusive(create.exclusive())
            .setLeased(create.leased());
    byte[] target = create.target();
    if (target != null) {
      out.setTarget(ByteString.copyFrom(target));
    }
    return out.build();
  }

  private static CreateUnnamedMessage encode(Operation.CreateUnnamed create) {
    return CreateUnnamedMessage.newBuilder()
        .setParent(create.parent().value())
        .setInode(create.inode().value())
        .setPermissions(create.mode().permissions())
        .setUmask(create.mode().umask())
        .setLinkable(create.linkable())
        .setLeased(create.leased())
        .build();
  }

  private static CopyRangeMessage encode(Operation.CopyRange copy) {
    return CopyRangeMessage.newBuilder()
        .setFrom(copy.from().value())
        .setFromOffset(copy.fromOffset())
        .setTo(copy.to().value())
        .setToOffset(copy.toOffset())
        .setLength(copy.length())
        .build();
  }

  private static SetAttributesMessage encode(Operation.SetAttributes set) {
    SetAttributesMessage.Builder out =
        SetAttributesMessage.newBuilder().setInode(set.inode().value());
    if (set.permissions() != null) {
      out.setPermissions(set.permissions());
    }
    if (set.uid() != null) {
      out.setUid(set.uid());
    }
    if (set.gid() != null) {
      out.setGid(set.gid());
    }
    if (set.sizeBytes() != null) {
      out.setSizeBytes(set.sizeBytes());
    }
    if (set.accessed() != null) {
      out.setAccessed(AttributesCodec.encode(set.accessed()));
    }
    if (set.modified() != null) {
      out.setModified(AttributesCodec.encode(set.modified()));
    }
    return out.build();
  }

  static Request decode(RequestMessage in) throws MalformedException {
    return new Request(
        operation(in),
        new Caller(in.getUid(), in.getGid()),
        AttributesCodec.decode(in.getTime()),
        standing(in.getStanding()));
  }

  private static Operation operation(RequestMessage in) throws MalformedException {
    return switch (in.getOperationCase()) {
      case CREATE -> create(in.getCreate());
      case CREATE_UNNAMED -> createUnnamed(in.getCreateUnnamed());
      case COPY_RANGE -> copyRange(in.getCopyRange());
      case LINK -> {
        LinkMessage link = in.getLink();
        yield new Operation.Link(
            Check.inode(link.getInode()),
            Check.inode(link.getParent()),
            Check.name(link.getName()));
      }
      case UNLINK -> {
        NameMessage unlink = in.getUnlink();
        yield new Operation.Unlink(Check.inode(unlink.getParent()), Check.name(unlink.getName()));
      }
      case REMOVE_DIRECTORY -> {
        NameMessage remove = in.getRemoveDirectory();
        yield new Operation.RemoveDirectory(
            Check.inode(remove.getParent()), Check.name(remove.getName()));
      }
      case RENAME -> rename(in.getRename());
      case SET_ATTRIBUTES -> setAttributes(in.getSetAttributes());
      case WRITE -> WriteCodec.decode(in.getWrite());
      case RELOCATE -> WriteCodec.decode(in.getRelocate());
      case MOVE_INLINE -> WriteCodec.decode(in.getMoveInline());
      case ALLOCATE -> {
        AllocateMessage allocate = in.getAllocate();
        yield new Operation.Allocate(
            Check.inode(allocate.getInode()),
            allocate.getMode(),
            allocate.getOffset(),
            allocate.getLength());
      }
      case SET_XATTR -> setXattr(in.getSetXattr());
      case SET_ACL -> setAcl(in.getSetAcl());
      case REMOVE_XATTR -> {
        RemoveXattrMessage remove = in.getRemoveXattr();
        yield new Operation.RemoveXattr(
            Check.inode(remove.getInode()), Check.bytes(remove.getName(), XATTR_NAME_MAX));
      }
      case ACQUIRE_LEASE -> new Operation.AcquireLease(Check.inode(in.getAcquireLease()));
      case RELEASE_LEASES -> releaseLeases(in.getReleaseLeases());
      case RESERVE_NUMBERS -> reserve(in.getReserveNumbers());
      case ACCESSED ->
          new Operation.Accessed(
              Check.inode(in.getAccessed().getInode()),
              AttributesCodec.decode(in.getAccessed().getTime()));
      case SET_LOCK -> setLock(in.getSetLock());
      case CANCEL_LOCK ->
          new Operation.CancelLock(
              Check.inode(in.getCancelLock().getInode()),
              kind(in.getCancelLock().getPosix()),
              in.getCancelLock().getTicket());
      case OPERATION_NOT_SET -> throw new MalformedException("an operation of no known kind");
    };
  }

  private static Operation create(CreateMessage in) throws MalformedException {
    FileType type = AttributesCodec.type(in.getMode());
    byte @Nullable [] target = in.hasTarget() ? Check.bytes(in.getTarget(), TARGET_MAX) : null;
    return new Operation.Create(
        Check.inode(in.getParent()),
        Check.name(in.getName()),
        Check.inode(in.getInode()),
        type,
        new CreateMode(in.getMode() & PERMISSIONS, in.getUmask()),
        in.getDevice(),
        target,
        in.getExclusive(),
        in.getLeased());
  }

  private static Operation createUnnamed(CreateUnnamedMessage in) throws MalformedException {
    return new Operation.CreateUnnamed(
        Check.inode(in.getParent()),
        Check.inode(in.getInode()),
        new CreateMode(in.getPermissions(), in.getUmask()),
        in.getLinkable(),
        in.getLeased());
  }

  private static Operation copyRange(CopyRangeMessage in) throws MalformedException {
    return new Operation.CopyRange(
        Check.inode(in.getFrom()),
        in.getFromOffset(),
        Check.inode(in.getTo()),
        in.getToOffset(),
        in.getLength());
  }

  private static Operation setXattr(SetXattrMessage in) throws MalformedException {
    return new Operation.SetXattr(
        Check.inode(in.getInode()),
        Check.bytes(in.getName(), XATTR_NAME_MAX),
        Check.bytes(in.getValue(), XATTR_VALUE_MAX),
        in.getFlags());
  }

  private static SetAclMessage encode(Operation.SetAcl set) {
    SetAclMessage.Builder out =
        SetAclMessage.newBuilder()
            .setInode(set.inode().value())
            .setDefaultList(set.kind() == Acl.Kind.DEFAULT)
            .setClearsSetgid(set.clearsSetgid());
    Acl list = set.list();
    if (list != null) {
      out.setList(ByteString.copyFrom(list.toBytes()));
    }
    return out.build();
  }

  private static Operation setAcl(SetAclMessage in) throws MalformedException {
    Acl list = null;
    if (in.hasList()) {
      try {
        list = Acl.of(Check.bytes(in.getList(), Acl.BYTES_MAX));
      } catch (ErrnoException e) {
        throw new MalformedException("an access control list without sense", e);
      }
    }
    return new Operation.SetAcl(
        Check.inode(in.getInode()),
        in.getDefaultList() ? Acl.Kind.DEFAULT : Acl.Kind.ACCESS,
        list,
        in.getClearsSetgid());
  }

  private static Operation releaseLeases(ReleaseLeasesMessage in) throws MalformedException {
    Check.that(in.getInodesCount() <= LEASES_MAX, "too many leases");
    List<InodeId> inodes = new ArrayList<>();
    for (long inode : in.getInodesList()) {
      inodes.add(Check.inode(inode));
    }
    return new Operation.ReleaseLeases(inodes);
  }

  private static Operation rename(RenameMessage in) throws MalformedException {
    return new Operation.Rename(
        Check.inode(in.getParent()),
        Check.name(in.getName()),
        Check.inode(in.getNewParent()),
        Check.name(in.getNewName()),
        in.getFlags());
  }

  private static Operation setAttributes(SetAttributesMessage in) throws MalformedException {
    return new Operation.SetAttributes(
        Check.inode(in.getInode()),
        in.hasPermissions() ? in.getPermissions() : null,
        in.hasUid() ? in.getUid() : null,
        in.hasGid() ? in.getGid() : null,
        in.hasSizeBytes() ? in.getSizeBytes() : null,
        in.hasAccessed() ? AttributesCodec.decode(in.getAccessed()) : null,
        in.hasModified() ? AttributesCodec.decode(in.getModified()) : null);
  }

  private static Operation reserve(ReserveNumbersMessage in) throws MalformedException {
    NumberKind kind =
        switch (in.getKind()) {
          case INODE -> NumberKind.INODE;
          case BLOCK_SERIAL -> NumberKind.BLOCK_SERIAL;
          case NONE, UNRECOGNIZED -> throw new MalformedException("numbers of no known kind");
        };
    return new Operation.ReserveNumbers(kind, in.getCount());
  }
}
