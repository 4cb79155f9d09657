package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"time"

	"bcm/fsm"
)

// mostDrilled bounds the data of a sample, in bytes: a drill is to prove something,
// not to fill the disk of the node.
const mostDrilled = 1 << 30

// drill restores a sample of a snapshot into a scratch directory, compares what
// came with what the repository says on another way, past all that is kept on this
// node, and signs what it found.
func (r *Role) drill(ctx context.Context, repo Repo, o fsm.Order, ev Events) (out fsm.Outcome, err error) {
	if o.Snapshot == "" || o.Files < 1 {
		return out, fmt.Errorf("%w: what to restore a sample of", errOrder)
	}
	if r.scratch == "" {
		return out, fmt.Errorf("%w: this node has no place to restore a sample to", ErrTarget)
	}
	if err := os.MkdirAll(r.scratch, 0o700); err != nil {
		return out, fmt.Errorf("%w: %w", ErrTarget, err)
	}
	dir, err := os.MkdirTemp(r.scratch, "drill-")
	if err != nil {
		return out, fmt.Errorf("%w: %w", ErrTarget, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	begun := time.Now()
	d := &drill{engine: r.engine, repo: repo, snapshot: SnapshotID(o.Snapshot), dir: dir, most: mostDrilled, seen: make(map[string][]Entry)}
	d.meter = NewMeter("drill", ev)
	defer d.meter.Stop()
	if err := d.run(ctx, o.ID, o.Files); err != nil {
		return out, err
	}
	report := fsm.Report{Job: o.ID, Backup: o.Backup, Snapshot: o.Snapshot, Node: r.identity.Identity().ID, At: fsm.At(time.Now()),
		Took: time.Since(begun), Files: d.files, Bytes: d.bytes, Mismatches: int64(len(d.wrong))}
	if report.Signature, report.Certificate, err = r.identity.Sign(report.Signed()); err != nil {
		return out, err
	}
	out.Report = &report
	out.Stats = fsm.Stats{Files: d.files, Bytes: d.bytes, Warnings: int64(len(d.wrong))}
	out.Warnings = told(d.wrong)
	if len(d.wrong) > 0 {
		err = fmt.Errorf("%w: %d of %d files did not come back as they were, the first: %s", ErrCorrupt, len(d.wrong), d.files+int64(len(d.wrong)), d.wrong[0])
	}
	return out, err
}

// drill is one restore drill.
type drill struct {
	engine   Engine
	repo     Repo
	snapshot SnapshotID
	dir      string
	most     int64
	meter    *Meter
	seen     map[string][]Entry // directories that were listed

	files, bytes int64
	wrong        []Warning
}

// run restores and compares as many files as wanted, or all when there are fewer.
// Which ones depends on the id of the drill alone.
func (d *drill) run(ctx context.Context, id string, wanted int) error {
	total, err := d.count(ctx)
	if err != nil {
		return err
	}
	left := d.most
	for i, rank := range draws(id, total, wanted) {
		name, entry, err := d.find(ctx, rank)
		if err != nil {
			return err
		}
		if name == "" || entry.Size > left {
			continue
		}
		left -= entry.Size
		d.meter.AddTotal(1, entry.Size)
		d.meter.Item(name)
		if err := d.try(ctx, name, filepath.Join(d.dir, fmt.Sprint(i))); err != nil {
			return err
		}
		d.meter.Done(1, entry.Size)
		if d.files+int64(len(d.wrong)) == int64(wanted) {
			break
		}
	}
	if total > 0 && d.files == 0 && len(d.wrong) == 0 {
		return fmt.Errorf("%w: no file is small enough for a drill, which restores %d bytes at most", ErrTarget, d.most)
	}
	return nil
}

// draws gives numbers below total, each once, in an order that follows from id.
// There are some more than wanted: not every file can be taken.
func draws(id string, total int64, wanted int) []int64 {
	seed := sha256.Sum256([]byte(id))
	dice := rand.New(rand.NewPCG(binary.BigEndian.Uint64(seed[:]), binary.BigEndian.Uint64(seed[8:])))
	most := min(int64(wanted)*4, total)
	drawn := make(map[int64]bool, most)
	list := make([]int64, 0, most)
	for int64(len(list)) < most {
		n := dice.Int64N(total)
		for drawn[n] { // the next that is free: few numbers are drawn, or all
			n = (n + 1) % total
		}
		drawn[n] = true
		list = append(list, n)
	}
	return list
}

func (d *drill) list(ctx context.Context, dir string) ([]Entry, error) {
	if entries, ok := d.seen[dir]; ok {
		return entries, nil
	}
	entries, err := d.engine.Browse(ctx, d.repo, d.snapshot, dir)
	if err == nil {
		d.seen[dir] = entries
	}
	return entries, err
}

// weight is how many files an entry stands for.
func weight(e Entry) int64 {
	switch {
	case e.Mode.IsDir():
		return e.Files
	case e.Mode.IsRegular():
		return 1
	}
	return 0
}

func (d *drill) count(ctx context.Context) (total int64, err error) {
	entries, err := d.list(ctx, "/")
	for _, e := range entries {
		total += weight(e)
	}
	return total, err
}

// find gives the file of that rank in the order of the tree, by the figures of the
// directories, so that only those on the way to it are read. It gives none where
// the figures are not right.
func (d *drill) find(ctx context.Context, rank int64) (string, Entry, error) {
	dir := "/"
descend:
	for {
		entries, err := d.list(ctx, dir)
		if err != nil {
			return "", Entry{}, err
		}
		for _, e := range entries {
			n := weight(e)
			switch {
			case rank >= n:
				rank -= n
			case e.Mode.IsDir():
				dir = path.Join(dir, e.Name)
				continue descend
			default:
				return path.Join(dir, e.Name), e, nil
			}
		}
		return "", Entry{}, nil
	}
}

// try restores one file and compares it. That it is damaged, or another, is noted;
// an error is what keeps the drill from saying anything.
func (d *drill) try(ctx context.Context, name, to string) error {
	_, err := d.engine.Restore(ctx, d.repo, d.snapshot, name, Target{Dir: to, Overwrite: fsm.Never}, nil)
	if errors.Is(err, ErrCorrupt) {
		d.wrong = append(d.wrong, Warning{name, err.Error()})
		return nil
	}
	if err != nil {
		return err
	}
	restored, size, err := sumOfOnly(to)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTarget, err)
	}
	stored, err := d.stored(ctx, name)
	switch {
	case errors.Is(err, ErrCorrupt):
		d.wrong = append(d.wrong, Warning{name, err.Error()})
	case err != nil:
		return err
	case !bytes.Equal(restored, stored):
		d.wrong = append(d.wrong, Warning{name, "restored it is another than in the repository"})
	default:
		d.files++
		d.bytes += size
	}
	return os.RemoveAll(to)
}

// stored is the sum of a file as the storage has it.
func (d *drill) stored(ctx context.Context, name string) ([]byte, error) {
	past := d.repo
	past.CacheDir = ""
	f, err := d.engine.Open(ctx, past, d.snapshot, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return sum.Sum(nil), errors.Join(err, f.Close())
}

// sumOfOnly is the sum of the only file in a directory: its name on disk may be
// another than in the snapshot.
func sumOfOnly(dir string) (sum []byte, size int64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, 0, err
	}
	if len(entries) != 1 {
		return nil, 0, fmt.Errorf("%d files were restored instead of one", len(entries))
	}
	f, err := os.Open(filepath.Join(dir, entries[0].Name()))
	if err != nil {
		return nil, 0, err
	}
	h := sha256.New()
	size, err = io.Copy(h, f)
	return h.Sum(nil), size, errors.Join(err, f.Close())
}
