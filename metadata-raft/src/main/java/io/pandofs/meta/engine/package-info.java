/**
 * The deterministic engine: log entry and tables in, reply and changed tables out. Knows neither
 * Ratis nor RocksDB; no clock, no chance, no I/O besides the store it is handed.
 */
package io.pandofs.meta.engine;
