package io.pandofs.common.net;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Connections that have not proved to be a member's, few at a time. A new one takes the place of
 * the oldest, of its own address first: a member proves itself at once, so that who only holds
 * places is the one to go. Thread-safe.
 *
 * @param <C> a connection
 */
public final class Unproved<C> {
  /** How many a port takes of those who have not shown who they are. */
  public static final int STRANGERS_MAX = 32;

  public static final int STRANGERS_OF_ADDRESS_MAX = 16;

  private final int most;
  private final int mostOfAddress;

  /** Oldest first. */
  @GuardedBy("this")
  private final Map<C, InetAddress> open = new LinkedHashMap<>();

  /**
   * @param most at a time
   * @param mostOfAddress of one address at a time
   */
  public Unproved(int most, int mostOfAddress) {
    this.most = most;
    this.mostOfAddress = mostOfAddress;
  }

  /** Takes one in. The one that is answered lost its place and is to be closed; null if none. */
  public synchronized @Nullable C add(C connection, InetSocketAddress from) {
    InetAddress address = from.getAddress();
    ArrayDeque<C> ofAddress = new ArrayDeque<>();
    open.forEach(
        (each, its) -> {
          if (its.equals(address)) {
            ofAddress.add(each);
          }
        });
    C gone = null;
    if (ofAddress.size() >= mostOfAddress) {
      gone = ofAddress.remove();
    } else if (open.size() >= most) {
      Iterator<C> oldest = open.keySet().iterator();
      gone = oldest.next();
    }
    if (gone != null) {
      open.remove(gone);
    }
    open.put(connection, address);
    return gone;
  }

  /** It ended, or has proved who it is. */
  public synchronized void remove(C connection) {
    open.remove(connection);
  }
}
