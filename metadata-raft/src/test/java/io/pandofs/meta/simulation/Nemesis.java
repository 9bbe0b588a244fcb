package io.pandofs.meta.simulation;

import java.util.List;
import java.util.function.Consumer;

/** Makes trouble as chance has it: kills, pauses, cuts of links one way and both, a bad network. */
public final class Nemesis {
  private static final long CALM_NANOS_MAX = 800_000_000;
  private static final long TROUBLE_NANOS_MAX = 1_200_000_000;

  /** Longer than sessions live in what is simulated here. */
  private static final long LONG_TROUBLE_NANOS_MAX = 4_000_000_000L;

  private final World world;
  private final Network network;
  private final List<Host> hosts;
  private final Consumer<Host> start;
  private final double longTroubles;
  private boolean over;

  /**
   * @param longTroubles how many of the troubles may last for seconds
   * @param start gives a killed host its new life
   */
  public Nemesis(
      World world, Network network, List<Host> hosts, double longTroubles, Consumer<Host> start) {
    this.world = world;
    this.network = network;
    this.hosts = hosts;
    this.longTroubles = longTroubles;
    this.start = start;
  }

  public void begin() {
    world.after(world.between(0, CALM_NANOS_MAX), this::strike);
  }

  /** Makes no more trouble, and takes back what was made. */
  public void end() {
    over = true;
    network.heal();
    network.calm();
    for (Host host : hosts) {
      revive(host);
    }
  }

  private void revive(Host host) {
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
    switch (world.random().nextInt(6)) {
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
            network.heal();
            network.calm();
            hosts.forEach(this::revive);
            begin();
          }
        });
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
}
