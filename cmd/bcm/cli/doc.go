// Package cli is the noun verbs of the command line: bcm node list, bcm backup
// watch and their like. It talks to a grid through api/client alone; the
// processes (bcm manager, agent, dev) live in the package above, which takes the
// commands from [Commands].
//
// A noun is one file: what its rows look like, its filters, its verbs. What all
// nouns share stands once: [app] is the world outside (environment, terminal,
// clock), list.go and show.go turn rows into tables or JSON, follow.go waits for
// a run, prompt.go asks people, error.go decides what a failure says and which
// exit code it has.
//
// Two rules hold for every verb. Standard output has the result and nothing
// else, so that it can be piped; progress, questions and remarks go to standard
// error. And a verb that cannot be undone asks, unless --yes is given; without a
// terminal to ask on it refuses.
package cli
