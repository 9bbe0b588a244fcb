/** Time as an argument. */
package io.pandofs.common.time;
