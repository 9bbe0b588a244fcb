package io.pandofs.meta;

import io.pandofs.common.Timestamp;

/**
 * An operation with all that the engine may not ask for: who and when.
 *
 * @param time the mount's clock when the call came in; an automatic mtime or ctime never goes below
 *     the inode's present one all the same
 */
public record Request(Operation operation, Caller caller, Timestamp time) {}
