package backup

// Target is where to restore to, and how.
type Target struct {
	Dir string // absolute; made when there is none
	// Origin restores to where the source was, instead of to Dir: each thing to the
	// path that it has had.
	Origin bool
	// Only are paths below the one that is restored: nothing else of it is, and the
	// folders that lead there. All of it when empty.
	Only []string
	// Overwrite says what becomes of a file that is there: with never it stays and
	// counts as skipped, with always it is replaced, with if-newer it is replaced
	// when the one in the snapshot was modified later, and with beside it stays and
	// the other is put next to it. Never when empty. What is equal, by size, time and
	// mode, always stays.
	Overwrite Overwrite
	// Stamp is what tells names beside apart: NAME.restored-STAMP. A restore tried
	// again must have the same.
	Stamp string
	// DryRun tells what would change and writes nothing.
	DryRun bool
}

// RestoreStats are the figures of a restore. Those of a dry run say what would be.
type RestoreStats struct {
	Files, Dirs, Links int64 // restored
	Bytes              int64
	Skipped            int64 // there already and different
	Same               int64 // there already and equal
	Failed             int64
	Changes            []Change  // by kind, those that there are
	Problems           []Warning // the first ones that failed, and what is not as it was
}
