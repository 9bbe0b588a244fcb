package io.pandofs.tests.history;

import java.util.List;

/**
 * What one thing does when operations are done on it one after the other.
 *
 * @param <S> its state: immutable, with equals and hashCode
 */
public interface Model<S> {
  S initial();

  /**
   * The states that {@code operation} may lead to from {@code state}; none when its answer is
   * impossible there. An operation of unknown outcome answers the states it leads to when it does
   * take effect, and none where it would have none.
   */
  List<S> step(S state, Operation operation);
}
