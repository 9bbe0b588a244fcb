package io.pandofs.tools.dev;

/** The four ports of a node of a dev cluster, all on 127.0.0.1. */
record NodePorts(int control, int raft, int blocks, int status) {}
