package io.pandofs.tests.cluster;

import java.io.IOException;
import java.nio.file.Path;

/** Nodes of real processes, numbered from 1 (n1) on, of which more may be added. */
interface GrowingCluster {
  /** One node more, mounted. */
  void add() throws IOException, InterruptedException;

  /** Runs a {@code pando} command that asks the daemon of a node. */
  Commands.Result ask(int node, String... arguments) throws IOException, InterruptedException;

  /** SIGKILL. */
  void kill(int node) throws IOException, InterruptedException;

  /** Starts a node and waits until it is mounted. */
  void start(int node) throws IOException, InterruptedException;

  /** The cluster's directory, which is on no mount. */
  Path directory();

  /** The mount point of a node. Look at it from other processes only, with a limit. */
  Path mount(int node);

  /** The configuration of a node. */
  Path config(int node);

  /** The log of a node. */
  Path log(int node);
}
