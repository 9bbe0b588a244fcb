/** The {@code pando} program: commands, the node daemon, its status endpoint and dev clusters. */
package io.pandofs.tools;
