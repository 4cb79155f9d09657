package backup

import "time"

// Query says what to look for in snapshots.
type Query struct {
	// Snapshots are searched in this order. One that is gone is left out.
	Snapshots []SnapshotID
	// Name is a part of the name that is looked for, or a pattern of all of it when
	// it has one of the characters * ? [, as in [path.Match]. Case does not matter.
	Name string
	// Within is how long the search may go on; without end when zero.
	Within time.Duration
	// Most is how many findings there may be; without end when zero.
	Most int
}

// Findings are what a search has come upon.
type Findings struct {
	Found    []Found // in the order of the snapshots, and of paths within one
	Searched int     // snapshots that were searched to the end
	Partial  bool    // the time was up, or there were too many: there may be more
}

// Found is something whose name was looked for.
type Found struct {
	Path  string
	Entry Entry      // without where a link points to
	In    SnapshotID // the first of those searched that has it so
	Same  int        // in how many further ones it is the same; of a directory, in how many there is one
}

// Version is a state in which a file is in snapshots.
type Version struct {
	Entry     Entry
	Object    string       // the same for the same content
	Snapshots []SnapshotID // in the order in which they were asked about
}
