/**
 * A cluster in one thread and in virtual time: every delay, loss, crash, pause and cut comes from
 * one seed, so that a schedule that breaks something can be run again. {@code World} is time and
 * chance, {@code Host} a machine, {@code Network} what is between them, {@code ModelRaft} the log.
 */
@NullMarked
package io.pandofs.meta.simulation;

import org.jspecify.annotations.NullMarked;
