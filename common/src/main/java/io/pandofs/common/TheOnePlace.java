package io.pandofs.common;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks the one class or method that may call an API that config/forbidden-apis.txt bars everywhere
 * else.
 */
@Retention(RetentionPolicy.CLASS)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface TheOnePlace {
  /** Why it is the place. */
  String value();
}
