/** What is mounted on this machine, and the removal of mounts whose daemon is dead. */
package io.pandofs.tools.mounts;
