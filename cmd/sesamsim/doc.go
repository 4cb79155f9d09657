// Sesamsim is a SEP sesam server to test against, since no real one can be had.
// It speaks the REST interface of such a server as far as public material tells
// it: sessions and Basic, the uniform pattern of resources with its leniencies,
// error bodies of five keys, backups that run to an end. Whatever had to be
// chosen because nothing is known about it is marked "our choice" where it is
// decided; nobody may rely on those places.
//
// It is a program of its own: it imports nothing of bcm, so that a wrong idea
// of the interface cannot hide in code shared by both sides. The whole state is
// rows in tables (state.go), each table described by one literal in the file of
// its noun (client.go, task.go, …); the uniform calls, filters, references and
// the data file work on those descriptions. A change is in the data file before
// it is answered, so that a killed server comes back with everything it said
// yes to; only sessions are lost. The file is not forced to the disk: a crash
// of the machine is not what is simulated here.
//
// Faults are switched on by flags, or while it runs by the control endpoint
// under /sesamsim/v1, which is there only when --control is given. Nothing of
// our own lies under /sep/api except the users, about which nothing is known
// (--users=false takes them away); the cluster mode lies under /bcm-ext/v1.
package main
