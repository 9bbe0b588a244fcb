package io.pandofs.block.net;

import io.pandofs.common.BlockId;
import io.pandofs.common.SessionId;

/**
 * What a put says of its block.
 *
 * @param epoch of the placement map by which the writer chose the receiver
 * @param crc32c over the block's bytes
 */
public record PutRequest(SessionId session, BlockId block, long epoch, int crc32c) {}
