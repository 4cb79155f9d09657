package fsm

import "time"

// Report is what a restore drill has proved: that a sample of a backup was restored
// and was the same as what the repository has. The node that did it signs it.
type Report struct {
	Job         string        `cbor:"job"`
	Backup      string        `cbor:"backup,omitempty"`
	Snapshot    string        `cbor:"snapshot"`
	Node        string        `cbor:"node"`
	At          Time          `cbor:"at"` // by the clock of the node
	Took        time.Duration `cbor:"took"`
	Files       int64         `cbor:"files"` // restored and found to be the same
	Bytes       int64         `cbor:"bytes"`
	Mismatches  int64         `cbor:"mismatches"`            // files that were not
	Certificate []byte        `cbor:"certificate,omitempty"` // of the node at that time, in DER
	Signature   []byte        `cbor:"signature,omitempty"`   // over [Report.Signed]
}

// Signed gives the text that the signature is over: the report without it and the
// certificate, in canonical CBOR.
func (r Report) Signed() []byte {
	r.Certificate, r.Signature = nil, nil
	return encode(r)
}

// Proves tells whether the report is one of a restore that went well. Whether its
// signature holds is another question.
func (r *Report) Proves() bool { return r != nil && r.Files > 0 && r.Mismatches == 0 }

const (
	// maxProof bounds a report's certificate and signature together, in bytes.
	maxProof = 8 << 10
	// keepReports is how long what was proved can be looked at.
	keepReports = 400 * day
)

// sample says how many files a drill restores; the settings do when it does not.
func (j *Job) sample(tx *Tx, files int) error {
	if j.Kind != DrillJob {
		return nil
	}
	if j.Files = files; files == 0 {
		j.Files = tx.Upkeep().DrillFiles
	}
	if j.Files < 1 || j.Files > mostDrillFiles {
		return invalidField("files", "must lie between 1 and %d", mostDrillFiles)
	}
	return nil
}

// prove keeps the report of a drill, when it is about it and of a size that is kept.
func (j *Job) prove(r *Report) {
	if r != nil && j.Kind == DrillJob && r.Job == j.ID && r.Node == j.Node && len(r.Certificate)+len(r.Signature) <= maxProof {
		j.Report = r
	}
}
