package io.pandofs.meta.raft;

class CoherenceSimulationTest {}
