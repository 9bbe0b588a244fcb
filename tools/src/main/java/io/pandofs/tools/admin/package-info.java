/** The admin channel: how a command on this machine asks the daemon to change something. */
package io.pandofs.tools.admin;
