package io.pandofs.common.identity;

import io.pandofs.common.NodeId;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which node of which cluster: what a node certificate says, as the URI {@code urn:pando:<cluster,
 * 16 hex digits>:n<node>} among its alternative names.
 *
 * @param cluster the cluster's id, which is its volume's
 */
public record PeerName(long cluster, NodeId node) {
  private static final Pattern URI =
      Pattern.compile("urn:pando:([0-9a-f]{16}):n([1-9][0-9]{0,17})");

  /** Of GeneralName (RFC 5280, section 4.2.1.6): uniformResourceIdentifier. */
  private static final Integer URI_KIND = 6;

  /** The name in a certificate; null when it has none. Says nothing of who signed it. */
  public static @Nullable PeerName of(X509Certificate certificate) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      if (names == null) {
        return null;
      }
      for (List<?> name : names) {
        if (URI_KIND.equals(name.get(0)) && name.get(1) instanceof String uri) {
          return parse(uri);
        }
      }
      return null;
    } catch (CertificateParsingException e) {
      return null;
    }
  }

  static @Nullable PeerName parse(String uri) {
    Matcher parts = URI.matcher(uri);
    return parts.matches()
        ? new PeerName(
            HexFormat.fromHexDigitsToLong(parts.group(1)),
            new NodeId(Long.parseLong(parts.group(2))))
        : null;
  }

  String uri() {
    return "urn:pando:" + HexFormat.of().toHexDigits(cluster) + ":" + node;
  }

  @Override
  public String toString() {
    return node + " of cluster " + Long.toHexString(cluster);
  }
}
