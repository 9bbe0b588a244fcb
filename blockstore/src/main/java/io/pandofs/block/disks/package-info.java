/**
 * Several disks of one node behind the interface of one: which disk a block goes to, and how a disk
 * goes and comes while the others work on.
 */
package io.pandofs.block.disks;
