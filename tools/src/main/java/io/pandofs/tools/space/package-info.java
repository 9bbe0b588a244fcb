/** What the nodes' disks have left, told among nodes, and what a user can still store with it. */
package io.pandofs.tools.space;
