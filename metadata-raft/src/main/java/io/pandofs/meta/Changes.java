package io.pandofs.meta;

import io.pandofs.common.InodeId;
import io.pandofs.common.SessionId;
import java.util.Map;
import java.util.Set;

/**
 * What an entry has changed.
 *
 * @param inodes those whose attributes, extended attributes or data are others, or in which names
 *     are, and those that are gone
 * @param leased what sessions have got leases of: of a directory, and so of what has its one name
 *     there
 * @param endsSessions whether sessions are over, and with them what they did and had not sent
 */
public record Changes(Set<InodeId> inodes, Map<InodeId, SessionId> leased, boolean endsSessions) {}
