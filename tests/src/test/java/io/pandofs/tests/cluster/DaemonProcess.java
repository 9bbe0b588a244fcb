package io.pandofs.tests.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What the kernel tells of a daemon. */
final class DaemonProcess {
  private static final String LISTENING = "0A";
  private static final String SOCKET = "socket:[";

  private final Path proc;

  DaemonProcess(long pid) {
    this.proc = Path.of("/proc", String.valueOf(pid));
  }

  /** Its memory that is in no file: heap, direct buffers, what native code has allocated. */
  long anonymousBytes() throws IOException {
    return number("RssAnon:") << 10;
  }

  long threads() throws IOException {
    return number("Threads:");
  }

  private long number(String name) throws IOException {
    String line =
        Files.readAllLines(proc.resolve("status")).stream()
            .filter(one -> one.startsWith(name))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.substring(name.length()).strip().split(" ", -1)[0]);
  }

  int descriptors() throws IOException {
    return links().size();
  }

  /** All TCP ports that it listens on, whoever made it do so. */
  Set<Integer> listeningPorts() throws IOException {
    List<String> own = links();
    Set<Integer> ports = new TreeSet<>();
    for (String table : List.of("tcp", "tcp6")) {
      List<String> lines = Files.readAllLines(proc.resolve("net").resolve(table));
      for (String line : lines.subList(1, lines.size())) {
        String[] parts = line.strip().split("\\s+", -1);
        if (parts[3].equals(LISTENING) && own.contains(SOCKET + parts[9] + "]")) {
          ports.add(Integer.parseInt(parts[1].substring(parts[1].lastIndexOf(':') + 1), 16));
        }
      }
    }
    return ports;
  }

  /** What its descriptors are. */
  private List<String> links() throws IOException {
    List<Path> descriptors;
    try (Stream<Path> all = Files.list(proc.resolve("fd"))) {
      descriptors = all.toList();
    }
    List<String> links = new ArrayList<>();
    for (Path descriptor : descriptors) {
      link(descriptor).ifPresent(links::add);
    }
    return links;
  }

  /** Empty when it was closed meanwhile. */
  private static Optional<String> link(Path descriptor) throws IOException {
    try {
      return Optional.of(Files.readSymbolicLink(descriptor).toString());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }
}
