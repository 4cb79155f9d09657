package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// PlateFormat is the format of a data directory that this program writes.
const PlateFormat = 1

const plateFile = "cluster.json"

// Errors about data directories. They are wrapped with what to do.
var (
	ErrNoMember = errors.New("the data directory belongs to no cluster yet")
	ErrForeign  = errors.New("the data directory belongs to another member")
	ErrNewer    = errors.New("the data directory was written by a newer version")
	ErrLogGone  = errors.New("the log is missing from the data directory")
	ErrDamaged  = errors.New("the data directory is damaged")
)

// Plate is the name plate of a data directory. Once it is there, the directory
// is never silently begun anew: a member whose log is lost has forgotten its
// vote, and must come back under another id.
type Plate struct {
	Format     int    `json:"format"`
	Cluster    string `json:"cluster"`
	ID         string `json:"id"`
	Name       string `json:"name"`
	Generation int    `json:"generation"`    // grows when a cluster is recovered from a loss of its majority
	Log        string `json:"log,omitempty"` // how the log is kept; "" until there is one
}

// Create marks dir, which must exist, as that of a member. It refuses with
// fs.ErrExist when dir is one already.
func Create(dir string, m Plate) error {
	path := filepath.Join(dir, plateFile)
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	m.Format, m.Log = PlateFormat, ""
	if m.Cluster == "" || m.ID == "" || m.Name == "" {
		return errors.New("a member needs a cluster, an id and a name")
	}
	return m.save(dir)
}

// Load reads whose dir is. The error wraps [ErrNoMember], [ErrNewer] or
// [ErrDamaged].
func Load(dir string) (Plate, error) {
	path := filepath.Join(dir, plateFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Plate{}, fmt.Errorf("%w: %s is missing; create a cluster or join one", ErrNoMember, path)
	}
	if err != nil {
		return Plate{}, err
	}
	var m Plate
	if err := json.Unmarshal(data, &m); err != nil {
		return Plate{}, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	if m.Format > PlateFormat {
		return Plate{}, fmt.Errorf("%w: %s has format %d, this program knows %d; update it", ErrNewer, path, m.Format, PlateFormat)
	}
	if m.Format < 1 || m.Cluster == "" || m.ID == "" {
		return Plate{}, fmt.Errorf("%w: %s does not name a member", ErrDamaged, path)
	}
	return m, nil
}

// belongs refuses a directory that is not that of the configured member.
func (m Plate) belongs(cfg Config) error {
	if m.Cluster != cfg.Cluster {
		return fmt.Errorf("%w: %s is of cluster %s, not %s; use another directory", ErrForeign, cfg.DataDir, m.Cluster, cfg.Cluster)
	}
	if m.ID != cfg.ID {
		return fmt.Errorf("%w: %s is of member %s, not %s; use another directory", ErrForeign, cfg.DataDir, m.ID, cfg.ID)
	}
	if m.Log != "" && m.Log != cfg.LogStore {
		return fmt.Errorf("%w: %s keeps its log as %q, not as %q; keep that setting, or join with a new directory",
			ErrForeign, cfg.DataDir, m.Log, cfg.LogStore)
	}
	return nil
}

// save replaces the name plate durably and whole.
func (m Plate) save(dir string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, plateFile+".*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(append(data, '\n'))
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), filepath.Join(dir, plateFile))
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
