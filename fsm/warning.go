package fsm

// Warnings are what a run has warned of, and what else it has told. They stand in a table of their own: few
// runs have any, and the record of a backup stays small.
type Warnings struct {
	Meta           // ID is that of the backup or job
	Texts []string `cbor:"texts"`         // the first ones
	Log   []string `cbor:"log,omitempty"` // what else the run has told
}

// Bounds on what is kept of warnings.
const (
	KeepWarnings   = 10_000 // runs; the oldest go first
	maxWarnings    = 50     // of one run
	maxWarning     = 1 << 9 // bytes of one
	maxAllWarnings = 8 << 10
)

var warnings = define(schema[Warnings]{
	name: "warnings",
	meta: func(w *Warnings) *Meta { return &w.Meta },
})

// warn keeps the first warnings of a run that has ended, and takes those of an
// earlier attempt away.
func (tx *Tx) warn(run string, texts []string) {
	texts = bounded(texts)
	if _, ok := tx.Warnings.Get(run); ok || len(texts) > 0 {
		tx.keepWarnings(&Warnings{Meta: Meta{ID: run}, Texts: texts})
	}
}

// note keeps what else a run that has ended has told.
func (tx *Tx) note(run string, log []string) {
	if len(log) == 0 {
		return
	}
	w := Warnings{Meta: Meta{ID: run}}
	if old, ok := tx.Warnings.Get(run); ok {
		w = *old
	}
	w.Log = bounded(log)
	tx.keepWarnings(&w)
}

// bounded cuts texts down to what is kept of them.
func bounded(texts []string) (kept []string) {
	size := 0
	for _, text := range texts[:min(len(texts), maxWarnings)] {
		text = truncate(text, maxWarning)
		if size += len(text); size > maxAllWarnings {
			break
		}
		kept = append(kept, text)
	}
	return kept
}

func (tx *Tx) keepWarnings(w *Warnings) {
	put(tx, &tx.Warnings, w)
	if tx.Warnings.Len() <= KeepWarnings {
		return
	}
	for oldest := range tx.Warnings.Since(0) {
		drop(tx, &tx.Warnings, oldest.ID)
		return
	}
}
