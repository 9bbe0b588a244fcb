/**
 * Histories of concurrent operations, and whether one order of them explains every answer. Knows
 * neither clusters nor files: its input is what clients wrote down.
 */
package io.pandofs.tests.history;
