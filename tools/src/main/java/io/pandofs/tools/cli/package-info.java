/** The commands. Picocli's one home. */
package io.pandofs.tools.cli;
