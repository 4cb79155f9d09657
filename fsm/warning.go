package fsm

// Warnings are what a run has warned of. They stand in a table of their own: few
// runs have any, and the record of a backup stays small.
type Warnings struct {
	Meta           // ID is that of the backup or job
	Texts []string `cbor:"texts"` // the first ones
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

// warn keeps the first warnings of a run that has ended.
func (tx *Tx) warn(run string, texts []string) {
	w := &Warnings{Meta: Meta{ID: run}}
	size := 0
	for _, text := range texts[:min(len(texts), maxWarnings)] {
		text = truncate(text, maxWarning)
		if size += len(text); size > maxAllWarnings {
			break
		}
		w.Texts = append(w.Texts, text)
	}
	if len(w.Texts) == 0 {
		return
	}
	put(tx, &tx.Warnings, w)
	if tx.Warnings.Len() <= KeepWarnings {
		return
	}
	for oldest := range tx.Warnings.Since(0) {
		drop(tx, &tx.Warnings, oldest.ID)
		return
	}
}
