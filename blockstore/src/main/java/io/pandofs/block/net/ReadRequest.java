package io.pandofs.block.net;

import io.pandofs.common.BlockId;

/** A part of a block to read: {@code length} bytes from {@code offset}. */
record ReadRequest(BlockId block, int offset, int length) {}
