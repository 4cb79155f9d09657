// Package cli is the noun verbs of the command line: bcm node list, bcm backup
// watch and their like. It talks to a grid through api/client alone; the
// processes (bcm manager, agent, dev) live in the package above, which takes the
// commands from Commands.
package cli
