/** What stands in the log and what applying it answers. Encoded as protobuf by {@code LogCodec}. */
package io.pandofs.meta.log;
