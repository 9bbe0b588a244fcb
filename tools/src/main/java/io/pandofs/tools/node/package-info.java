/** The node daemon: the one place where the parts are wired together, by hand. */
package io.pandofs.tools.node;
