package io.pandofs.tests.history;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Everything that clients wrote down, of one workload.
 *
 * @param operations those that had, or may have had, an effect or a view; looks whose outcome is
 *     not known are left out
 * @param failures every operation that did not answer as a filesystem should, whatever it means
 */
public record History(List<Operation> operations, List<Operation> failures) {
  private static final Set<String> LOOKS = Set.of("read", "list", "look", "holder");
  private static final String NOTHING = "NONE";

  /**
   * Reads the histories of clients; each file's name starts with the number of the client's node.
   */
  public static History read(List<Path> files) throws IOException {
    History all = new History(new ArrayList<>(), new ArrayList<>());
    for (Path file : files) {
      all.add(file);
    }
    return all;
  }

  private void add(Path file) throws IOException {
    String client = file.getFileName().toString().replaceFirst("\\.history$", "");
    int node = Character.digit(client.charAt(0), 10);
    Map<String, String[]> begun = new LinkedHashMap<>();
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      String[] words = line.split(" ", -1);
      if (words[0].equals("B") && words.length == 6) {
        begun.put(words[1], words);
      } else if (words[0].equals("E") && words.length == 5) {
        add(operation(client, node, begun.remove(words[1]), words));
      } else {
        throw new IOException(file + ": not a line of a history: " + line);
      }
    }
    // The call did not come back, or its client was killed.
    String[] never = {"E", "", String.valueOf(Operation.NEVER), Operation.UNKNOWN, "STUCK"};
    begun.values().forEach(b -> add(operation(client, node, b, never)));
  }

  private static Operation operation(String client, int node, String[] begin, String[] end) {
    return new Operation(
        client,
        node,
        Long.parseLong(begin[2]),
        Long.parseLong(end[2]),
        begin[3],
        begin[4],
        begin[5],
        end[3],
        end[4]);
  }

  private void add(Operation o) {
    boolean unknown = o.answer().equals(Operation.UNKNOWN);
    if (unknown || o.answer().equals(NOTHING)) {
      failures.add(o);
    }
    if (unknown && !LOOKS.contains(o.verb())) {
      operations.add(
          new Operation(
              o.client(),
              o.node(),
              o.begin(),
              Operation.NEVER,
              o.verb(),
              o.key(),
              o.argument(),
              o.answer(),
              o.value()));
    } else if (!unknown && !o.answer().equals(NOTHING)) {
      operations.add(o);
    }
  }

  /** The operations of each key. */
  public Map<String, List<Operation>> byKey() {
    Map<String, List<Operation>> keys = new TreeMap<>();
    for (Operation o : operations) {
      keys.computeIfAbsent(o.key(), k -> new ArrayList<>()).add(o);
    }
    return keys;
  }

  /**
   * The same for sets: each name of each directory by itself, a listing being one look at every
   * name. POSIX lets a listing show or omit what comes and goes while it is read, but not what is
   * there all the time: so names are judged one by one, not listings as a whole.
   */
  public Map<String, List<Operation>> byMember() {
    Map<String, List<Operation>> members = new TreeMap<>();
    byKey()
        .forEach(
            (key, operations) -> {
              Map<String, Set<String>> listings = new HashMap<>();
              Set<String> names = new HashSet<>();
              for (Operation o : operations) {
                if (o.verb().equals("list")) {
                  names.addAll(listings.computeIfAbsent(o.value(), History::split));
                } else {
                  names.add(o.argument());
                }
              }
              names.forEach(n -> members.put(key + "/" + n, ofMember(n, operations, listings)));
            });
    return members;
  }

  private static List<Operation> ofMember(
      String name, List<Operation> operations, Map<String, Set<String>> listings) {
    List<Operation> own = new ArrayList<>();
    for (Operation o : operations) {
      String member = o.key() + "/" + name;
      if (o.verb().equals("list")) {
        String seen = listings.get(o.value()).contains(name) ? "yes" : "no";
        own.add(o.part("seen", member, "-", seen));
      } else if (o.argument().equals(name)) {
        own.add(o.part(o.verb(), member, "-", o.value()));
      }
    }
    return own;
  }

  private static Set<String> split(String listing) {
    return listing.equals("-") ? Set.of() : Set.of(listing.split(",", -1));
  }

  /**
   * Leaves out the looks of a mount while that mount itself was writing the key: where written data
   * is shared only by close, the writer's own mount sees it before the others do.
   */
  public static List<Operation> closeToOpen(List<Operation> operations) {
    List<Operation> writes = operations.stream().filter(o -> !LOOKS.contains(o.verb())).toList();
    return operations.stream()
        .filter(
            o ->
                !LOOKS.contains(o.verb())
                    || writes.stream().noneMatch(w -> w.node() == o.node() && w.overlaps(o)))
        .toList();
  }
}
