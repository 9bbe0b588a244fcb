package io.pandofs.tests.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pandofs.tests.agent.Answer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The reviewed list {@code exceptions.txt} as it holds for one profile; its format is told at its
 * head.
 */
final class Exceptions {
  /** Descriptors that were opened before another mount did something. */
  static final String HELD = "held";

  /** What {@code agent.py} can leave out, and {@link #HELD}. */
  static final Set<String> FEATURES =
      Set.of(
          "unlink-open",
          "rename-flags",
          "blind-append",
          "blind-rename",
          "tmpfile",
          "zero-range",
          "utime-omit",
          "non-utf8",
          "mmap",
          "link-identity",
          "odd-xattr",
          "acl",
          "killpriv",
          "fsync-dir",
          "mmap-append",
          HELD);

  static final Set<String> PROFILES = Set.of("ext4", "tmpfs", "jnr", "direct");

  /** How many words a rule of each kind has, its reason among them. */
  private static final Map<String, Integer> WORDS = Map.of("avoid", 4, "mask", 4, "accept", 6);

  private record Accept(Pattern line, Pattern expected, Pattern got) {
    boolean matches(String operation, Answer reference, Answer subject) {
      return line.matcher(operation).matches()
          && expected.matcher(reference.text()).matches()
          && got.matcher(subject.text()).matches();
    }
  }

  private final Set<String> avoided = new TreeSet<>();
  private final List<Pattern> masked = new ArrayList<>();
  private final List<Accept> accepted = new ArrayList<>();

  private Exceptions() {}

  /** Reads the list for {@code profile}; a word it does not know is an error. */
  static Exceptions of(String profile) {
    require(PROFILES, profile);
    try (InputStream in = Exceptions.class.getResourceAsStream("exceptions.txt")) {
      if (in == null) {
        throw new IllegalStateException("no exceptions.txt");
      }
      return parse(profile, new BufferedReader(new InputStreamReader(in, UTF_8)).lines().toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Exceptions parse(String profile, List<String> lines) {
    Exceptions result = new Exceptions();
    for (String line : lines) {
      if (!line.isBlank() && !line.startsWith("#")) {
        result.add(profile, Arrays.stream(line.split(" *\\| +", -1)).map(String::trim).toList());
      }
    }
    return result;
  }

  private void add(String profile, List<String> words) {
    String kind = words.get(0);
    if (words.size() != WORDS.getOrDefault(kind, -1) || words.get(words.size() - 1).isBlank()) {
      throw new IllegalArgumentException("not a rule with a reason: " + words);
    }
    boolean holds = words.get(1).equals("any") || require(PROFILES, words.get(1)).equals(profile);
    if (kind.equals("avoid")) {
      require(FEATURES, words.get(2));
      if (holds) {
        avoided.add(words.get(2));
      }
    } else if (holds && kind.equals("mask")) {
      masked.add(Pattern.compile(words.get(2)));
    } else if (holds) {
      accepted.add(
          new Accept(
              Pattern.compile(words.get(2)),
              Pattern.compile(words.get(3)),
              Pattern.compile(words.get(4))));
    }
  }

  private static String require(Set<String> known, String word) {
    if (!known.contains(word)) {
      throw new IllegalArgumentException("unknown: " + word + ", known: " + new TreeSet<>(known));
    }
    return word;
  }

  Set<String> avoided() {
    return avoided;
  }

  /** Also leaves out {@code features}, to look past a fault that is known and not yet repaired. */
  Exceptions avoiding(Collection<String> features) {
    features.forEach(feature -> require(FEATURES, feature));
    avoided.addAll(features);
    return this;
  }

  boolean same(String operation, Answer expected, Answer got) {
    return mask(expected).equals(mask(got))
        || accepted.stream().anyMatch(rule -> rule.matches(operation, expected, got));
  }

  private String mask(Answer answer) {
    String text = answer.text();
    for (Pattern pattern : masked) {
      text = pattern.matcher(text).replaceAll("");
    }
    return text;
  }
}
