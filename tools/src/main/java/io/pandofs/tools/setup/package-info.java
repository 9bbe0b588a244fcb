/** Makes this machine a node: its configuration, its identity, its daemon's first start. */
package io.pandofs.tools.setup;
