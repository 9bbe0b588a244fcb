/** Ordinary programs at work on one mount, their results judged on the others. */
package io.pandofs.tests.programs;
