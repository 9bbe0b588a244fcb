/**
 * What may happen to a cluster: processes that die or stand still, networks that are cut or slow,
 * disks that are full or lose what was not synced. Everything runs in namespaces that the kit made
 * for itself.
 */
package io.pandofs.tests.nemesis;
