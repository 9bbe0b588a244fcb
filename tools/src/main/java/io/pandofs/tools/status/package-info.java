/** The status endpoint of a node on loopback: its server, its client, and its document as text. */
package io.pandofs.tools.status;
