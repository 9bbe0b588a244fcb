package io.pandofs.common.identity;

import io.pandofs.common.Checksums;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;

/**
 * What a new machine shows to be let in, and by which it knows the cluster it was made for
 * (docs/formats.md, "Join tokens").
 *
 * @param id names it; not secret
 * @param secret twenty random bytes as hex; the cluster keeps only their hash
 * @param authority the fingerprint of the cluster's certificate authority
 */
public record JoinToken(long id, String secret, Fingerprint authority) {
  private static final String PREFIX = "pando1-";
  private static final int SECRET_BYTES = 20;
  private static final int CHECKED_BYTES = Long.BYTES + SECRET_BYTES + Fingerprint.BYTES;

  /** A new one. */
  public static JoinToken create(Fingerprint authority, SecureRandom random) {
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    return new JoinToken(
        (random.nextLong() & Long.MAX_VALUE) | 1, HexFormat.of().formatHex(secret), authority);
  }

  /** What the cluster keeps of the secret. Random as it is, a plain hash gives nothing away. */
  public Fingerprint secretHash() {
    return Fingerprint.of(HexFormat.of().parseHex(secret));
  }

  /** As people pass it on: letters, digits, dashes and underscores. */
  public String toText() {
    ByteBuffer bytes = ByteBuffer.allocate(CHECKED_BYTES + Integer.BYTES);
    bytes.putLong(id).put(HexFormat.of().parseHex(secret)).put(authority.hash());
    bytes.putInt(Checksums.crc32c(ByteBuffer.wrap(bytes.array(), 0, CHECKED_BYTES)));
    return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
  }

  /** The token of this text; empty when it is none, or a letter of it is wrong or missing. */
  public static Optional<JoinToken> parse(String text) {
    String stripped = text.strip();
    if (!stripped.startsWith(PREFIX)) {
      return Optional.empty();
    }
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(stripped.substring(PREFIX.length()));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (bytes.length != CHECKED_BYTES + Integer.BYTES
        || in.getInt(CHECKED_BYTES) != Checksums.crc32c(ByteBuffer.wrap(bytes, 0, CHECKED_BYTES))
        || in.getLong(0) <= 0) {
      return Optional.empty();
    }
    long id = in.getLong();
    byte[] secret = new byte[SECRET_BYTES];
    in.get(secret);
    byte[] authority = Arrays.copyOfRange(bytes, in.position(), in.position() + Fingerprint.BYTES);
    return Optional.of(
        new JoinToken(id, HexFormat.of().formatHex(secret), Fingerprint.ofHash(authority)));
  }

  /** Without the secret: for messages. */
  @Override
  public String toString() {
    return "token " + Long.toHexString(id);
  }
}
