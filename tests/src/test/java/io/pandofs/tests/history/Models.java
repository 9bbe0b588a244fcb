package io.pandofs.tests.history;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The things that the kit's clients work on. Verbs and values are those of {@code client.py}. */
public final class Models {
  private static final String ABSENT = "ENOENT";
  private static final String DIRECTORY = "dir";

  private Models() {}

  /** A file that is replaced as a whole, or not there: write VALUE, read. */
  public static Model<String> register() {
    return register(ABSENT);
  }

  /** A place in a file: write VALUE, read. */
  public static Model<String> register(String initial) {
    return model(
        initial,
        (state, o) ->
            switch (o.verb()) {
              case "write" -> List.of(o.argument());
              case "read" -> only(state, state.equals(o.ok() ? o.value() : o.answer()));
              default -> throw unknown(o);
            });
  }

  /** A file to which records are appended: append RECORD, read. The state is the records. */
  public static Model<String> log() {
    return model(
        "",
        (state, o) ->
            switch (o.verb()) {
              case "append" -> List.of(state.isEmpty() ? o.argument() : state + "," + o.argument());
              case "read" -> only(state, o.ok() && state.equals(dash(o.value())));
              default -> throw unknown(o);
            });
  }

  /** One name in a set: add, remove, seen (with the value yes or no). */
  public static Model<Boolean> member() {
    return model(
        false,
        (state, o) ->
            switch (o.verb()) {
              case "add" -> flip(state, false, o, "EEXIST");
              case "remove" -> flip(state, true, o, ABSENT);
              case "seen" -> only(state, state == o.value().equals("yes"));
              default -> throw unknown(o);
            });
  }

  private static List<Boolean> flip(boolean state, boolean from, Operation o, String refusal) {
    if (state == from) {
      return o.ok() || !o.known() ? List.of(!from) : List.of();
    }
    return only(state, o.answer().equals(refusal));
  }

  /** A lock: acquire ID, release ID, holder. Empty while free. */
  public static Model<String> mutex() {
    return model(
        "",
        (holder, o) ->
            switch (o.verb()) {
              case "acquire" ->
                  holder.isEmpty()
                      ? done(o.argument(), o)
                      : only(holder, o.answer().equals("EEXIST"));
              case "release" ->
                  holder.equals(o.argument())
                      ? done("", o)
                      : only(holder, o.answer().equals(ABSENT));
              case "holder" -> only(holder, holder.equals(o.ok() ? o.value() : ""));
              default -> throw unknown(o);
            });
  }

  /**
   * A directory of few names, each absent, an empty directory, or a symlink (its state is its
   * target): mkdir N, rmdir N, link N,TARGET, unlink N, rename N,M, look N.
   *
   * <p>A failed rename must have had no effect; why it failed is not judged, because the kernel
   * looks at the two names one after the other. For the same reason it may do nothing and say yes,
   * as rename(2) has it for two names of one file: it saw the source before another mount moved
   * that to the target, and the target after it.
   */
  public static Model<Map<String, String>> names() {
    return model(Map.of(), Models::namesStep);
  }

  private static List<Map<String, String>> namesStep(Map<String, String> state, Operation o) {
    String[] arguments = o.argument().split(",", -1);
    String name = arguments[0];
    String there = state.getOrDefault(name, ABSENT);
    return switch (o.verb()) {
      case "mkdir" -> effect(state, o, there.equals(ABSENT) ? "" : "EEXIST", name, DIRECTORY);
      case "link" -> effect(state, o, there.equals(ABSENT) ? "" : "EEXIST", name, arguments[1]);
      case "rmdir" -> effect(state, o, refusalOf(there, DIRECTORY, "ENOTDIR"), name, ABSENT);
      case "unlink" ->
          effect(
              state,
              o,
              there.equals(DIRECTORY) ? "EISDIR" : refusalOf(there, there, ""),
              name,
              ABSENT);
      case "rename" -> rename(state, o, name, arguments[1]);
      case "look" -> only(state, there.equals(seen(o)));
      default -> throw unknown(o);
    };
  }

  private static String refusalOf(String there, String wanted, String otherwise) {
    return there.equals(ABSENT) ? ABSENT : there.equals(wanted) ? "" : otherwise;
  }

  private static String seen(Operation o) {
    return o.ok() ? o.value() : o.answer().equals("EINVAL") ? DIRECTORY : o.answer();
  }

  private static List<Map<String, String>> rename(
      Map<String, String> state, Operation o, String source, String target) {
    if (o.known() && !o.ok()) {
      return List.of(state);
    }
    Optional<String> moved = Optional.ofNullable(state.get(source));
    String over = state.get(target);
    if (moved.isEmpty() && over != null) {
      return List.of(state); // see names()
    }
    boolean fits =
        moved.isPresent()
            && (over == null || over.equals(DIRECTORY) == moved.get().equals(DIRECTORY));
    return fits ? List.of(with(with(state, source, ABSENT), target, moved.get())) : List.of();
  }

  /** The name gets its new value, unless the call must be refused. */
  private static List<Map<String, String>> effect(
      Map<String, String> state, Operation o, String refusal, String name, String value) {
    return refusal.isEmpty()
        ? done(with(state, name, value), o)
        : only(state, o.answer().equals(refusal));
  }

  private static Map<String, String> with(Map<String, String> state, String name, String value) {
    Map<String, String> next = new TreeMap<>(state);
    if (value.equals(ABSENT)) {
      next.remove(name);
    } else {
      next.put(name, value);
    }
    return next;
  }

  private static <S> List<S> done(S next, Operation o) {
    return only(next, o.ok() || !o.known());
  }

  private static <S> List<S> only(S state, boolean possible) {
    return possible ? List.of(state) : List.of();
  }

  private static String dash(String value) {
    return value.equals("-") ? "" : value;
  }

  private static IllegalArgumentException unknown(Operation o) {
    return new IllegalArgumentException("no such verb here: " + o);
  }

  /** The transitions of a model. */
  private interface Step<S> {
    List<S> from(S state, Operation operation);
  }

  private static <S> Model<S> model(S initial, Step<S> step) {
    return new Model<>() {
      @Override
      public S initial() {
        return initial;
      }

      @Override
      public List<S> step(S state, Operation operation) {
        return new ArrayList<>(step.from(state, operation));
      }
    };
  }
}
