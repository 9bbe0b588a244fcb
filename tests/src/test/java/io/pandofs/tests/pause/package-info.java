/** How long writing stood still while something was killed. */
package io.pandofs.tests.pause;
