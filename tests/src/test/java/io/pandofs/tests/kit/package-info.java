/**
 * The consistency kit: clients on every mount, a nemesis, and a judge of what the clients saw. Run
 * by {@code tests/kit}, which makes the namespaces in which it lives.
 */
package io.pandofs.tests.kit;
