package io.pandofs.meta.log;

import com.google.protobuf.ByteString;
import io.pandofs.common.identity.Fingerprint;
import io.pandofs.meta.wire.AdmitNodeMessage;
import io.pandofs.meta.wire.CreateTokenMessage;

/** Entries that make join tokens and use them, as messages. */
final class TokenCodec {
  private TokenCodec() {}

  static CreateTokenMessage.Builder encode(LogEntry.CreateToken entry) {
    return CreateTokenMessage.newBuilder()
        .setId(entry.id())
        .setSecretHash(bytes(entry.secretHash()))
        .setUses(entry.uses())
        .setExpires(AttributesCodec.encode(entry.expires()))
        .setTime(AttributesCodec.encode(entry.time()));
  }

  static LogEntry.CreateToken decode(CreateTokenMessage in) throws MalformedException {
    return new LogEntry.CreateToken(
        Check.number(in.getId()),
        hash(in.getSecretHash()),
        Check.small(in.getUses()),
        AttributesCodec.decode(in.getExpires()),
        AttributesCodec.decode(in.getTime()));
  }

  static AdmitNodeMessage.Builder encode(LogEntry.AdmitNode entry) {
    return AdmitNodeMessage.newBuilder()
        .setToken(entry.token())
        .setSecretHash(bytes(entry.secretHash()))
        .setKey(bytes(entry.key()))
        .setTime(AttributesCodec.encode(entry.time()))
        .setNode(LogCodec.registerNode(entry.node()));
  }

  static LogEntry.AdmitNode decode(AdmitNodeMessage in) throws MalformedException {
    return new LogEntry.AdmitNode(
        Check.number(in.getToken()),
        hash(in.getSecretHash()),
        hash(in.getKey()),
        AttributesCodec.decode(in.getTime()),
        LogCodec.registerNode(in.getNode()));
  }

  private static ByteString bytes(Fingerprint fingerprint) {
    return ByteString.copyFrom(fingerprint.hash());
  }

  private static Fingerprint hash(ByteString bytes) throws MalformedException {
    Check.that(bytes.size() == Fingerprint.BYTES, "a hash of another length");
    return Fingerprint.ofHash(bytes.toByteArray());
  }
}
