package io.pandofs.meta.log;

import com.google.protobuf.InvalidProtocolBufferException;
import io.pandofs.common.InodeId;
import io.pandofs.common.NodeId;
import io.pandofs.common.SessionId;
import io.pandofs.meta.Caller;
import io.pandofs.meta.Reply;
import io.pandofs.meta.Request;
import io.pandofs.meta.wire.BatchMessage;
import io.pandofs.meta.wire.DrainNodeMessage;
import io.pandofs.meta.wire.EntryMessage;
import io.pandofs.meta.wire.FormatMessage;
import io.pandofs.meta.wire.HashTablesMessage;
import io.pandofs.meta.wire.LogReplyMessage;
import io.pandofs.meta.wire.OutNodeMessage;
import io.pandofs.meta.wire.ReapMessage;
import io.pandofs.meta.wire.RecoverMessage;
import io.pandofs.meta.wire.RegisterNodeMessage;
import io.pandofs.meta.wire.RegisterSessionMessage;
import io.pandofs.meta.wire.ReplyMessage;
import io.pandofs.meta.wire.RequestMessage;
import io.pandofs.meta.wire.SetCapacityMessage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Log entries and replies as bytes: protobuf with a version (docs/formats.md). Everything that
 * comes in is checked: lengths, names, numbers. Stateless.
 */
public final class LogCodec {
  /** Operations in one batch, and replies to it. */
  public static final int BATCH_MAX = 1 << 16;

  private static final int VERSION = 1;
  private static final int TEXT_MAX = 1024;

  private LogCodec() {}

  public static byte[] encode(LogEntry entry) {
    return message(entry).setVersion(VERSION).build().toByteArray();
  }

  private static EntryMessage.Builder message(LogEntry entry) {
    EntryMessage.Builder out = EntryMessage.newBuilder();
    if (entry instanceof LogEntry.Batch batch) {
      return out.setBatch(batch(batch));
    } else if (entry instanceof LogEntry.Format format) {
      return out.setFormat(
          FormatMessage.newBuilder()
              .setVolumeId(format.volumeId())
              .setUid(format.owner().uid())
              .setGid(format.owner().gid())
              .setTime(AttributesCodec.encode(format.time())));
    } else if (entry instanceof LogEntry.RegisterSession register) {
      return out.setRegisterSession(
          RegisterSessionMessage.newBuilder()
              .setNode(register.node().value())
              .setTime(AttributesCodec.encode(register.time())));
    } else if (entry instanceof LogEntry.ExpireSession expire) {
      return out.setExpireSession(expire.session().value());
    } else if (entry instanceof LogEntry.Reap reap) {
      return out.setReap(
          ReapMessage.newBuilder()
              .addAllOrphans(reap.orphans().stream().map(InodeId::value).toList())
              .setAsOf(reap.asOf()));
    } else if (entry instanceof LogEntry.CreateToken create) {
      return out.setCreateToken(TokenCodec.encode(create));
    } else if (entry instanceof LogEntry.RevokeToken revoke) {
      return out.setRevokeToken(revoke.id());
    } else if (entry instanceof LogEntry.AdmitNode admit) {
      return out.setAdmitNode(TokenCodec.encode(admit));
    } else if (entry instanceof LogEntry.ReplaceNode replace) {
      return out.setReplaceNode(TokenCodec.encode(replace));
    } else if (entry instanceof LogEntry.HashTables) {
      return out.setHashTables(HashTablesMessage.getDefaultInstance());
    }
    return aboutNodes(entry, out);
  }

  private static EntryMessage.Builder aboutNodes(LogEntry entry, EntryMessage.Builder out) {
    if (entry instanceof LogEntry.RegisterNode register) {
      return out.setRegisterNode(registerNode(register));
    } else if (entry instanceof LogEntry.DrainNode drain) {
      return out.setDrainNode(
          DrainNodeMessage.newBuilder().setNode(drain.node().value()).setLeaves(drain.leaves()));
    } else if (entry instanceof LogEntry.OutNode away) {
      return out.setOutNode(
          OutNodeMessage.newBuilder().setNode(away.node().value()).setOut(away.out()));
    } else if (entry instanceof LogEntry.SetCapacity set) {
      return out.setSetCapacity(
          SetCapacityMessage.newBuilder().setNode(set.node().value()).setBytes(set.bytes()));
    } else if (entry instanceof LogEntry.SetStoragePolicy set) {
      return out.setSetStoragePolicy(PolicyCodec.encode(set.policy()));
    } else if (entry instanceof LogEntry.PlaceNode place) {
      return out.setPlaceNode(place.node().value());
    } else if (entry instanceof LogEntry.Recover recover) {
      return out.setRecover(RecoverMessage.newBuilder().setSurvivor(recover.survivor().value()));
    } else if (entry instanceof LogEntry.RemoveNode remove) {
      return out.setRemoveNode(remove.node().value());
    }
    throw new IllegalStateException("an entry without an encoding: " + entry);
  }

  private static BatchMessage.Builder batch(LogEntry.Batch batch) {
    BatchMessage.Builder out =
        BatchMessage.newBuilder()
            .setSession(batch.session().value())
            .setFirstSequence(batch.firstSequence())
            .setAcknowledged(batch.acknowledged());
    batch.requests().forEach(request -> out.addRequests(RequestCodec.encode(request)));
    return out;
  }

  /** Decodes what remains in the buffer, whose position is not moved. */
  public static LogEntry decodeEntry(ByteBuffer bytes) throws MalformedException {
    try {
      EntryMessage in = EntryMessage.parseFrom(bytes.duplicate());
      Check.that(in.getVersion() == VERSION, "an entry of an unknown version");
      return entry(in);
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedException("not a log entry: " + e.getMessage(), e);
    }
  }

  private static LogEntry entry(EntryMessage in) throws MalformedException {
    return switch (in.getKindCase()) {
      case BATCH -> batch(in.getBatch());
      case FORMAT -> {
        FormatMessage format = in.getFormat();
        long volumeId = Check.number(format.getVolumeId());
        Caller owner = new Caller(format.getUid(), format.getGid());
        yield new LogEntry.Format(volumeId, owner, AttributesCodec.decode(format.getTime()));
      }
      case REGISTER_SESSION -> {
        RegisterSessionMessage register = in.getRegisterSession();
        NodeId node = new NodeId(Check.number(register.getNode()));
        yield new LogEntry.RegisterSession(node, AttributesCodec.decode(register.getTime()));
      }
      case EXPIRE_SESSION ->
          new LogEntry.ExpireSession(new SessionId(Check.number(in.getExpireSession())));
      case REGISTER_NODE -> registerNode(in.getRegisterNode());
      case DRAIN_NODE ->
          new LogEntry.DrainNode(
              new NodeId(Check.number(in.getDrainNode().getNode())), in.getDrainNode().getLeaves());
      case OUT_NODE ->
          new LogEntry.OutNode(
              new NodeId(Check.number(in.getOutNode().getNode())), in.getOutNode().getOut());
      case SET_CAPACITY ->
          new LogEntry.SetCapacity(
              new NodeId(Check.number(in.getSetCapacity().getNode())),
              Check.number(in.getSetCapacity().getBytes()));
      case SET_STORAGE_POLICY ->
          new LogEntry.SetStoragePolicy(PolicyCodec.decode(in.getSetStoragePolicy()));
      case PLACE_NODE -> new LogEntry.PlaceNode(new NodeId(Check.number(in.getPlaceNode())));
      case RECOVER -> new LogEntry.Recover(new NodeId(Check.number(in.getRecover().getSurvivor())));
      case REMOVE_NODE -> new LogEntry.RemoveNode(new NodeId(Check.number(in.getRemoveNode())));
      case REAP -> {
        List<InodeId> orphans = new ArrayList<>();
        Check.that(in.getReap().getOrphansCount() <= BATCH_MAX, "too many orphans");
        for (long orphan : in.getReap().getOrphansList()) {
          orphans.add(new InodeId(Check.number(orphan)));
        }
        yield new LogEntry.Reap(orphans, in.getReap().getAsOf());
      }
      case HASH_TABLES -> new LogEntry.HashTables();
      case CREATE_TOKEN -> TokenCodec.decode(in.getCreateToken());
      case REVOKE_TOKEN -> new LogEntry.RevokeToken(Check.number(in.getRevokeToken()));
      case ADMIT_NODE -> TokenCodec.decode(in.getAdmitNode());
      case REPLACE_NODE -> TokenCodec.decode(in.getReplaceNode());
      case KIND_NOT_SET -> throw new MalformedException("an entry of no known kind");
    };
  }

  private static LogEntry batch(BatchMessage in) throws MalformedException {
    Check.that(in.getRequestsCount() <= BATCH_MAX, "too many operations");
    List<Request> requests = new ArrayList<>();
    for (RequestMessage request : in.getRequestsList()) {
      requests.add(RequestCodec.decode(request));
    }
    return new LogEntry.Batch(
        new SessionId(Check.number(in.getSession())),
        Check.number(in.getFirstSequence()),
        Check.count(in.getAcknowledged()),
        requests);
  }

  static RegisterNodeMessage.Builder registerNode(LogEntry.RegisterNode node) {
    return RegisterNodeMessage.newBuilder()
        .setId(node.id())
        .setName(node.name())
        .setControl(node.control())
        .setRaft(node.raft())
        .setBlocks(node.blocks());
  }

  static LogEntry.RegisterNode registerNode(RegisterNodeMessage in) throws MalformedException {
    return new LogEntry.RegisterNode(
        Check.count(in.getId()),
        text(in.getName()),
        text(in.getControl()),
        text(in.getRaft()),
        text(in.getBlocks()));
  }

  private static String text(String text) throws MalformedException {
    Check.that(text.length() <= TEXT_MAX, "a name or address that is too long");
    return text;
  }

  public static byte[] encode(LogReply reply) {
    LogReplyMessage.Builder out =
        LogReplyMessage.newBuilder()
            .setVersion(VERSION)
            .setStatus(LogReplyMessage.Status.valueOf(reply.status().name()))
            .setNumber(reply.number());
    reply.replies().forEach(each -> out.addReplies(AttributesCodec.encode(each)));
    return out.build().toByteArray();
  }

  /** Decodes what remains in the buffer, whose position is not moved. */
  public static LogReply decodeReply(ByteBuffer bytes) throws MalformedException {
    try {
      LogReplyMessage in = LogReplyMessage.parseFrom(bytes.duplicate());
      Check.that(in.getVersion() == VERSION, "a reply of an unknown version");
      Check.that(in.getRepliesCount() <= BATCH_MAX, "too many replies");
      List<Reply> replies = new ArrayList<>();
      for (ReplyMessage reply : in.getRepliesList()) {
        replies.add(AttributesCodec.decode(reply));
      }
      return new LogReply(status(in.getStatus()), replies, Check.count(in.getNumber()));
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedException("not a reply: " + e.getMessage(), e);
    }
  }

  private static LogReply.Status status(LogReplyMessage.Status status) throws MalformedException {
    return switch (status) {
      case OK -> LogReply.Status.OK;
      case FENCED -> LogReply.Status.FENCED;
      case DIVERGED -> LogReply.Status.DIVERGED;
      case GAP -> LogReply.Status.GAP;
      case FORGOTTEN -> LogReply.Status.FORGOTTEN;
      case REFUSED -> LogReply.Status.REFUSED;
      case NONE, UNRECOGNIZED -> throw new MalformedException("a reply of no known status");
    };
  }
}
