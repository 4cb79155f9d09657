// Bcmbench measures bcm and prints what it saw beside the goals. It starts a
// grid of its own on loopback, in a directory of its own, and stops it again;
// the figures of tables and snapshots come from the benchmarks of package fsm.
//
// The machines it runs on are shared and noisy: rounds are interleaved, medians
// are printed with the lowest and highest round, and nothing is asserted.
package main
