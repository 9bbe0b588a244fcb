/** Ids, errno, names, checksums: what every module speaks. Knows no other module. */
package io.pandofs.common;
