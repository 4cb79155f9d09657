package cluster

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"bcm/fsm"
)

func TestPlate(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(dir); !errors.Is(err, ErrNoMember) {
		t.Errorf("an empty directory: %v", err)
	}
	if err := Create(dir, Plate{Cluster: "c", ID: "i"}); err == nil {
		t.Error("a member without a name was created")
	}
	want := Plate{Cluster: "c", ID: "i", Name: "n"}
	if err := Create(dir, want); err != nil {
		t.Fatal(err)
	}
	if err := Create(dir, want); !errors.Is(err, fs.ErrExist) {
		t.Errorf("created twice: %v", err)
	}
	want.Format = PlateFormat
	if got, err := Load(dir); err != nil || got != want {
		t.Errorf("loaded %+v, %v", got, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("files left: %v, %v", left, err)
	}
	for text, want := range map[string]error{
		`{"format":99,"cluster":"c","id":"i","name":"n"}`: ErrNewer,
		`{"format":1}`: ErrDamaged,
		`{`:            ErrDamaged,
		``:             ErrDamaged,
	} {
		if err := os.WriteFile(filepath.Join(dir, plateFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); !errors.Is(err, want) {
			t.Errorf("%q: %v, wanted %v", text, err, want)
		}
	}
}

// What is done to the files of a member that has run, and how Open answers.
func TestOpenRefuses(t *testing.T) {
	at := func(cfg *Config, parts ...string) string {
		return filepath.Join(append([]string{cfg.DataDir}, parts...)...)
	}
	tests := []struct {
		name string
		do   func(t *testing.T, cfg *Config)
		want error
		text string
	}{
		{"another cluster", func(_ *testing.T, cfg *Config) { cfg.Cluster = "other" }, ErrForeign, "of cluster"},
		{"another member", func(_ *testing.T, cfg *Config) { cfg.ID = "other" }, ErrForeign, "of member"},
		{"another way to keep the log", func(_ *testing.T, cfg *Config) { cfg.LogStore = Bolt }, ErrForeign, "keeps its log"},
		{"the vote is gone", func(t *testing.T, cfg *Config) { remove(t, at(cfg, voteFile)) }, ErrLogGone, voteFile},
		{"the log is gone", func(t *testing.T, cfg *Config) { remove(t, at(cfg, walDir)) }, ErrLogGone, walDir},
		{"the segments are gone", func(t *testing.T, cfg *Config) { remove(t, at(cfg, walDir, "*.wal")) }, ErrLogGone, walDir},
		{"the list of segments is gone", func(t *testing.T, cfg *Config) { remove(t, at(cfg, walDir, walMeta)) }, ErrLogGone, walMeta},
		{"the vote is no such file", func(t *testing.T, cfg *Config) { overwrite(t, at(cfg, voteFile), 0) }, ErrDamaged, voteFile},
		{"the log is altered", func(t *testing.T, cfg *Config) { overwrite(t, at(cfg, walDir, "*.wal"), 0) }, ErrDamaged, "had reached"},
		{"the plate is gone", func(t *testing.T, cfg *Config) { remove(t, at(cfg, plateFile)) }, ErrNoMember, plateFile},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			cfg, cert := w.config(t)
			t.Run("before", func(t *testing.T) {
				n := start(t, cfg)
				if err := n.Bootstrap(t.Context(), w.first(n, cert)); err != nil {
					t.Fatal(err)
				}
			})
			tt.do(t, &cfg)
			n, err := Open(cfg, fsm.New(hclog.NewNullLogger()), nil, hclog.NewNullLogger())
			if err == nil {
				n.Close()
			}
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%v, wanted %v about %s", err, tt.want, tt.text)
			}
		})
	}
}

func remove(t *testing.T, pattern string) {
	t.Helper()
	for _, path := range matches(t, pattern) {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
}

// overwrite puts nonsense over the beginning of a file.
func overwrite(t *testing.T, pattern string, from int64) {
	t.Helper()
	for _, path := range matches(t, pattern) {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteAt([]byte(strings.Repeat("nonsense", 2048)), from)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func matches(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: nothing there, %v", pattern, err)
	}
	return found
}

func TestOpenRefusesWhatIsInUse(t *testing.T) {
	w := newWorld(t)
	cfg, _ := w.config(t)
	n := start(t, cfg)
	if _, err := Open(cfg, fsm.New(hclog.NewNullLogger()), nil, hclog.NewNullLogger()); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a directory in use: %v", err)
	}
	other, _ := w.config(t)
	other.Bind = n.Address()
	if _, err := Open(other, fsm.New(hclog.NewNullLogger()), nil, hclog.NewNullLogger()); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a port in use: %v", err)
	}
}

func TestBootstrapOnce(t *testing.T) {
	w := newWorld(t)
	n, cert := w.lone(t)
	first := w.first(n, cert)
	if err := n.Bootstrap(t.Context(), first); fsm.CodeOf(err) != fsm.Conflict {
		t.Errorf("begun twice: %v", err)
	}
	first.Cluster = "other"
	if err := n.Bootstrap(t.Context(), first); fsm.CodeOf(err) != fsm.Invalid {
		t.Errorf("begun as another cluster: %v", err)
	}
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	good, _ := w.config(t)
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for text, spoil := range map[string]func(*Config){
		"data directory":  func(c *Config) { c.DataDir = "" },
		"id, name":        func(c *Config) { c.Name = "" },
		"identity":        func(c *Config) { c.Identity = nil },
		`log store "x"`:   func(c *Config) { c.LogStore = "x" },
		"gossip key is":   func(c *Config) { c.GossipKeys = nil },
		"32 are needed":   func(c *Config) { c.GossipKeys = [][]byte{make([]byte, 16)} },
		"listen on":       func(c *Config) { c.Bind = "nowhere" },
		"lease":           func(c *Config) { c.LeaderLease = 2 * c.Heartbeat },
		"election":        func(c *Config) { c.Election = c.Heartbeat / 2 },
		"timeouts":        func(c *Config) { c.NodeTimeout = 0 },
		"disk reserve":    func(c *Config) { c.Reserve = -1 },
		"free space":      func(c *Config) { c.Free = nil },
		"at least 5ms":    func(c *Config) { c.Heartbeat = 1 },
		"gossip key 2 ha": func(c *Config) { c.GossipKeys = append(c.GossipKeys, nil) },
	} {
		bad := good
		spoil(&bad)
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
