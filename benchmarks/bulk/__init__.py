"""`aeolia bulk` measured: overhead, memory, kills, a store."""
