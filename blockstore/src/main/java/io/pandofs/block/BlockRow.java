package io.pandofs.block;

import io.pandofs.common.BlockId;

/** What the metadata says of a committed block: its length in bytes and the CRC32C of them all. */
public record BlockRow(BlockId block, int length, int crc32c) {}
