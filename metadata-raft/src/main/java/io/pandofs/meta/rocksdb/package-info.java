/** The tables in RocksDB; the only place in this module that knows it. */
package io.pandofs.meta.rocksdb;
