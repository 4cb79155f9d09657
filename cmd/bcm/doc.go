// Bcm is the one binary of the Backup Cluster Manager: a manager, a node agent,
// a whole grid for trying out, and the command line that talks to a grid.
//
// Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the thing asked about is not in
// the wished state, 70 the storage of a manager failed and it must not go on.
package main
