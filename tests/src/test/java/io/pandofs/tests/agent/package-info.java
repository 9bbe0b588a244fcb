/**
 * Processes that make system calls on a mount for the tests, so that the test's own process never
 * touches it.
 */
package io.pandofs.tests.agent;
