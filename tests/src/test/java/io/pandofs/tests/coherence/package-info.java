/** Act on one mount, look on another as soon as the call has returned: nothing may be stale. */
package io.pandofs.tests.coherence;
