package io.pandofs.meta.simulation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Makes trouble as chance has it: kills, pauses, cuts of links one way and both, of all links, a
 * bad network, disks that lose what they had.
 */
public final class Nemesis {
  private static final long CALM_NANOS_MAX = 800_000_000;
  private static final long TROUBLE_NANOS_MAX = 1_200_000_000;

  /** Longer than sessions live in what is simulated here. */
  private static final long LONG_TROUBLE_NANOS_MAX = 4_000_000_000L;

  private final World world;
  private final Network network;
  private final List<Host> hosts;
  private final Consumer<Host> start;
  private final Predicate<Host> loseDisk;
  private final double longTroubles;
  private final boolean splits;
  private long aloneFromNanos;
  private long aloneToNanos;
  private boolean over;

  /**
   * @param hosts may become others
   * @param longTroubles how many of the troubles may last for seconds
   * @param splits whether some hosts may be cut off together
   * @param start gives a killed host its new life
   * @param loseDisk has the disk of a killed host lose something, never those of a majority; tells
   *     whether it did
   */
  public Nemesis(
      World world,
      Network network,
      List<Host> hosts,
      double longTroubles,
      boolean splits,
      Consumer<Host> start,
      Predicate<Host> loseDisk) {
    this.loseDisk = loseDisk;
    this.world = world;
    this.network = network;
    this.hosts = hosts;
    this.longTroubles = longTroubles;
    this.splits = splits;
    this.start = start;
  }

  public void begin() {
    world.after(world.between(0, CALM_NANOS_MAX), this::strike);
  }

  /**
   * Whether no host heard another for at least so long, and that was over no longer than {@code
   * ago} ago, or goes on.
   */
  public boolean wereAlone(long atLeastNanos, long ago) {
    return aloneToNanos - aloneFromNanos >= atLeastNanos && world.nowNanos() - aloneToNanos <= ago;
  }

  /** When no host heard another for the last time: the beginning of it. */
  public long aloneFromNanos() {
    return aloneFromNanos;
  }

  /** Makes no more trouble, and takes back what was made. */
  public void end() {
    over = true;
    together();
    network.heal();
    network.calm();
    for (Host host : hosts) {
      revive(host);
    }
  }

  private void revive(Host host) {
    if (!hosts.contains(host)) {
      return; // it was removed meanwhile
    }
    if (!host.isAlive()) {
      world.trace(host + " starts");
      start.accept(host);
    } else if (host.isPaused()) {
      world.trace(host + " goes on");
      host.resume();
    }
  }

  private Host any() {
    return hosts.get(world.random().nextInt(hosts.size()));
  }

  private void strike() {
    if (over) {
      return;
    }
    Host victim = any();
    switch (world.random().nextInt(splits ? 10 : 8)) {
      case 0 -> {
        world.trace("kill " + victim);
        victim.kill();
      }
      case 1 -> {
        world.trace("pause " + victim);
        victim.pause();
      }
      case 2 -> hosts.forEach(other -> cut(victim, other, true));
      case 3 -> cut(victim, any(), false);
      case 4 -> network.trouble(0.1 * world.random().nextDouble(), 0.2);
      case 5 -> loseDisk(victim);
      case 6 -> leaveAlone();
      case 8, 9 -> split();
      default -> {
        world.trace("power cut");
        hosts.forEach(Host::kill);
      }
    }
    long longest = world.chance(longTroubles) ? LONG_TROUBLE_NANOS_MAX : TROUBLE_NANOS_MAX;
    world.after(
        world.between(TROUBLE_NANOS_MAX / 50, longest),
        () -> {
          if (!over) {
            together();
            network.heal();
            network.calm();
            hosts.forEach(this::revive);
            begin();
          }
        });
  }

  /** One host hears nobody from now on, or stands still, until other trouble is over. */
  public void befall(Host victim) {
    if (over) {
      return;
    }
    if (world.chance(0.8)) {
      hosts.forEach(other -> cut(victim, other, true));
    } else {
      world.trace("pause " + victim);
      victim.pause();
    }
  }

  /** Half of the hosts hear nothing of the other half from now on, until other trouble is over. */
  public void split() {
    if (over) {
      return;
    }
    List<Host> one = new ArrayList<>(hosts);
    Collections.shuffle(one, world.random());
    List<Host> other = one.subList(0, one.size() / 2);
    one.subList(one.size() / 2, one.size())
        .forEach(host -> other.forEach(there -> cut(host, there, true)));
  }

  private void cut(Host one, Host other, boolean both) {
    if (one != other) {
      world.trace("cut " + one + " to " + other + (both ? " and back" : ""));
      network.cut(one, other);
      if (both) {
        network.cut(other, one);
      }
    }
  }

  /**
   * While one host lags, another's disk loses something; then these two are alone. What only the
   * third has besides must not be forgotten.
   */
  private void loseDisk(Host victim) {
    Host behind = other(victim);
    world.trace("pause " + behind);
    behind.pause();
    world.after(
        world.between(0, TROUBLE_NANOS_MAX / 4),
        () -> {
          if (over) {
            return;
          }
          world.trace("kill " + victim);
          victim.kill();
          if (loseDisk.test(victim)) {
            world.trace("its disk has lost something");
          }
          hosts.stream().filter(host -> host != victim && host != behind).forEach(Host::pause);
          revive(victim);
          revive(behind);
        });
  }

  private Host other(Host one) {
    Host other = any();
    return other == one ? other(one) : other;
  }

  private void leaveAlone() {
    world.trace("nobody hears anybody");
    aloneFromNanos = world.nowNanos();
    aloneToNanos = Long.MAX_VALUE;
    for (Host one : hosts) {
      for (Host other : hosts) {
        if (one != other) {
          network.cut(one, other);
        }
      }
    }
  }

  private void together() {
    aloneToNanos = Math.min(aloneToNanos, world.nowNanos());
  }
}
