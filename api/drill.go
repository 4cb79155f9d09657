package api

import (
	"maps"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// DrillInput is a restore drill to be begun.
type DrillInput struct {
	Node  string `json:"node,omitempty" doc:"Id or name of the backup manager to restore on; otherwise any"`
	Files int    `json:"files,omitempty" doc:"How many files to restore; otherwise as the settings say"`
}

// DrillReport is what a restore drill has proved, signed by the node that did it.
type DrillReport struct {
	Backup         string    `json:"backup" doc:"Id"`
	Snapshot       string    `json:"snapshot"`
	Node           string    `json:"node" doc:"Name"`
	At             time.Time `json:"at" doc:"By the clock of the node"`
	Seconds        float64   `json:"seconds" doc:"How long it took"`
	Files          int64     `json:"files" doc:"Restored and the same as in the repository"`
	Bytes          int64     `json:"bytes"`
	Mismatches     int64     `json:"mismatches" doc:"Files that were not"`
	Signature      []byte    `json:"signature" doc:"Over the report in canonical CBOR"`
	Certificate    []byte    `json:"certificate" doc:"Of the node at that time, in DER"`
	SignatureValid bool      `json:"signature_valid" doc:"The node did sign it, with a certificate that this cluster had issued"`
}

// signedBy tells whether the node that a report names has signed it.
func signedBy(v *fsm.View, r *fsm.Report) bool {
	who, err := pki.Signer(v.Setting(fsm.CACertificate), r.Certificate, r.Signed(), r.Signature, r.At.Time())
	return err == nil && who.ID == r.Node
}

func showReport(v *fsm.View, r *fsm.Report) *DrillReport {
	if r == nil {
		return nil
	}
	return &DrillReport{Backup: r.Backup, Snapshot: r.Snapshot, Node: nodeName(v, r.Node), At: r.At.Time(), Seconds: r.Took.Seconds(),
		Files: r.Files, Bytes: r.Bytes, Mismatches: r.Mismatches, Signature: r.Signature, Certificate: r.Certificate,
		SignatureValid: signedBy(v, r)}
}

func drillBackup(c *call, in *DrillInput) (Job, error) {
	b, err := seen(c, &c.view.Backups, "backup")
	if err != nil {
		return Job{}, err
	}
	return c.jobMade(&fsm.CreateJob{ID: pki.NewID(), Kind: fsm.DrillJob, Backup: b.ID, Node: in.Node, Files: in.Files})
}

// testedAt is when it was last proved that a backup can be restored.
func testedAt(v *fsm.View, b *fsm.Backup) *time.Time {
	var last fsm.Time
	for j := range v.Jobs.By("backup", b.ID) {
		if j.Kind == fsm.DrillJob && j.Status == fsm.Succeeded && j.Report.Proves() {
			last = max(last, j.FinishedAt)
		}
	}
	return moment(last)
}

// drills watches restore drills come to their ends, as [ends] watches backups.
type drills struct {
	proved map[taskOf]fsm.Time
	last   map[taskOf]*fsm.Job
}

func newDrills() drills {
	return drills{make(map[taskOf]fsm.Time), make(map[taskOf]*fsm.Job)}
}

func (d *drills) see(v *fsm.View, j *fsm.Job) {
	b, ok := v.Backups.Get(j.Backup)
	if j.Kind != fsm.DrillJob || !j.Status.Ended() || j.Status == fsm.Cancelled || !ok || b.Task == "" {
		return
	}
	k := taskOf{b.Client, b.Task}
	if before := d.last[k]; before == nil || before.FinishedAt <= j.FinishedAt {
		d.last[k] = j
	}
	if j.Status == fsm.Succeeded && j.Report.Proves() && signedBy(v, j.Report) {
		d.proved[k] = max(d.proved[k], j.FinishedAt)
	}
}

func (d *drills) put(put putter, v *fsm.View) {
	for k, at := range d.proved {
		c, ok := v.Clients.Get(k.client)
		t, named := v.Tasks.Get(k.task)
		if !ok || !named {
			delete(d.proved, k)
			continue
		}
		put("bcm_backup_last_restore_test_timestamp_seconds", "When a sample of a task's backup was last restored and found to be the same.",
			seconds(at), "client", c.Name, "task", t.Name)
	}
}

// lastDrills gives the last drill of each task that has ended.
func (e *ends) lastDrills(a *API) (map[taskOf]*fsm.Job, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, err := e.catchUp(a)
	return maps.Clone(e.drills.last), err
}

// ofDrills tells of tasks of which the last drill could not restore what it should.
func (a *alerts) ofDrills() error {
	v := a.call.view
	last, err := a.call.metrics.ends.lastDrills(a.call.API)
	for k, j := range last {
		if t, ok := v.Tasks.Get(k.task); ok && j.Status == fsm.Failed && a.call.sees(t) {
			a.add(critical, "restore_drill_failed", Object{v.Tasks.Name(), t.ID, t.Name}, j.FinishedAt,
				"a sample of the backup of %s could not be restored: %s", t.Name, j.Error)
		}
	}
	return err
}
