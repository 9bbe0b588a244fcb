package io.pandofs.meta.raft;

import io.pandofs.common.identity.Admission;
import io.pandofs.common.identity.IdentityFiles;
import io.pandofs.common.identity.Keyring;

/**
 * What a node proves itself and judges others by.
 *
 * @param keyring shown in handshakes
 * @param files where keys and certificates are kept
 * @param admission whom of the cluster's nodes to let in
 */
public record NodeSecurity(Keyring keyring, IdentityFiles files, Admission admission) {}
