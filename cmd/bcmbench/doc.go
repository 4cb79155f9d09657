// Bcmbench measures bcm and prints what it saw beside the goals. It starts a
// grid of its own on loopback, in a directory of its own, and stops it again;
// the figures of tables and snapshots come from the benchmarks of package fsm.
//
// The machines it runs on are shared and noisy: rounds are interleaved, medians
// are printed with the lowest and highest round, the machine's load stands above
// the table, and nothing is asserted. The CPU time of an operation, summed over
// all managers, varies least.
//
// The part chaos is no measurement: it kills members at random while backups run, and
// what must not come of that is an error.
package main
