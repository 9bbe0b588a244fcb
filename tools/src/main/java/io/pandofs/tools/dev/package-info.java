/**
 * Clusters of real node processes on one machine, for trying, testing and measuring. A cluster is a
 * directory: one subdirectory a node with its configuration, data, mount point, log and pid file.
 */
package io.pandofs.tools.dev;
