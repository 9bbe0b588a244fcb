/**
 * Framed, multiplexed request-and-answer connections between nodes: bounded frames, back-pressure,
 * deadlines. Netty's one home.
 */
package io.pandofs.common.net;
