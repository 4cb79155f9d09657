package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bcm/agent/backup"
	"bcm/cluster/pki"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

// forest is a tree with files in directories of several depths, and what is no file.
func forest(t *testing.T, files int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range files {
		path := filepath.Join(dir, strings.Repeat("d/", i%4), fmt.Sprint("f", i))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(fmt.Sprint("content ", i)), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "empty"), 0o755), os.Symlink("f0", filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// seen notes what is restored, and may change what is read.
type seen struct {
	backup.Engine
	restored []string
	lie      func(path string) bool
}

func (s *seen) Restore(ctx context.Context, r backup.Repo, id backup.SnapshotID, path string, to backup.Target, ev backup.Events) (backup.RestoreStats, error) {
	s.restored = append(s.restored, path)
	return s.Engine.Restore(ctx, r, id, path, to, ev)
}

func (s *seen) Open(ctx context.Context, r backup.Repo, id backup.SnapshotID, path string) (io.ReadCloser, error) {
	if s.lie != nil && s.lie(path) {
		return io.NopCloser(strings.NewReader("another")), nil
	}
	return s.Engine.Open(ctx, r, id, path)
}

// driller is a rig whose role drills in a scratch directory.
type driller struct {
	*rig
	engine  *seen
	scratch string
	order   fsm.Order
}

func newDriller(t *testing.T, files int) *driller {
	t.Helper()
	d := &driller{rig: newRig(t), engine: new(seen), scratch: filepath.Join(t.TempDir(), "scratch")}
	stored, err := d.role.Do(t.Context(), d.backupOf("b1", forest(t, files)), func(fsm.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	d.engine.Engine = d.real
	if err := os.MkdirAll(filepath.Join(d.scratch, "left by a process that was killed"), 0o755); err != nil {
		t.Fatal(err)
	}
	d.role = backup.New(backup.Config{Engine: d.engine, Identity: d.Holder("n1"), CacheDir: t.TempDir(), Scratch: d.scratch, Log: hclog.NewNullLogger()})
	d.order = d.rig.order(fsm.DrillOrder, "j1")
	d.order.Snapshot, d.order.Backup, d.order.Files = stored.Snapshot, "b1", 5
	return d
}

func (d *driller) do(t *testing.T) (fsm.Outcome, error) {
	t.Helper()
	d.engine.restored = nil
	out, err := d.role.Do(t.Context(), d.order, func(fsm.Progress) {})
	if left, readErr := os.ReadDir(d.scratch); readErr != nil || len(left) != 0 {
		t.Errorf("left in the scratch directory: %v, %v", left, readErr)
	}
	return out, err
}

func TestDrill(t *testing.T) {
	d := newDriller(t, 30)
	out, err := d.do(t)
	r := out.Report
	if err != nil || r == nil || r.Files != 5 || r.Bytes != out.Stats.Bytes || r.Bytes < 5*int64(len("content 0")) || r.Mismatches != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	if r.Job != "j1" || r.Backup != "b1" || r.Node != "n1" || r.Took <= 0 || r.At == 0 {
		t.Errorf("%+v", r)
	}
	who, err := pki.Signer(d.Holder("n1").Bundle(), r.Certificate, r.Signed(), r.Signature, r.At.Time())
	if err != nil || who.ID != "n1" {
		t.Errorf("signed by %+v, %v", who, err)
	}
	forged := *r
	forged.Files = 50
	if _, err := pki.Signer(d.Holder("n1").Bundle(), r.Certificate, forged.Signed(), r.Signature, r.At.Time()); !errors.Is(err, pki.ErrSignature) {
		t.Errorf("a forged report: %v", err)
	}
	first := slices.Clone(d.engine.restored)
	if _, err := d.do(t); err != nil || !slices.Equal(first, d.engine.restored) {
		t.Errorf("the same drill restored %v and then %v", first, d.engine.restored)
	}
	d.order.ID = "j2"
	if _, err := d.do(t); err != nil || slices.Equal(first, d.engine.restored) {
		t.Errorf("another drill restored the same: %v, %v", first, err)
	}
}

func TestDrillOfFewFiles(t *testing.T) {
	d := newDriller(t, 3)
	out, err := d.do(t)
	if err != nil || out.Report.Files != 3 {
		t.Errorf("%+v, %v", out.Report, err)
	}
}

func TestDrillFindsWhatIsNotTheSame(t *testing.T) {
	d := newDriller(t, 5)
	d.engine.lie = func(path string) bool { return strings.HasSuffix(path, "/f3") }
	out, err := d.do(t)
	if !errors.Is(err, backup.ErrCorrupt) || out.Report == nil || out.Report.Files != 4 || out.Report.Mismatches != 1 || out.Report.Proves() {
		t.Fatalf("%+v, %v", out.Report, err)
	}
	if len(out.Warnings) != 1 || !strings.Contains(out.Warnings[0], "/f3: ") {
		t.Errorf("%v", out.Warnings)
	}
}

func TestDrillNeedsAPlaceAndASnapshot(t *testing.T) {
	d := newDriller(t, 1)
	d.order.Snapshot = ""
	if _, err := d.role.Do(t.Context(), d.order, func(fsm.Progress) {}); err == nil {
		t.Error("a drill of nothing")
	}
	role := backup.New(backup.Config{Engine: d.engine, Identity: d.Holder("n1"), Log: hclog.NewNullLogger()})
	d.order.Snapshot = "x"
	if _, err := role.Do(t.Context(), d.order, func(fsm.Progress) {}); !errors.Is(err, backup.ErrTarget) {
		t.Errorf("a drill without a place: %v", err)
	}
}
