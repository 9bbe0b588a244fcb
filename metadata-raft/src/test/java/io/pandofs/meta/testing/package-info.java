/** For tests of what builds on the metadata: a volume and its sessions in one process. */
package io.pandofs.meta.testing;
