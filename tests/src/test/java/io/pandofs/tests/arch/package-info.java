/** Who may know whom. */
package io.pandofs.tests.arch;
