/**
 * Work ahead of the log: what a session answers under its leases before the log has it. Knows the
 * engine, not Ratis.
 */
package io.pandofs.meta.ahead;
