package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bcm/agent/sesam"
	"bcm/cluster"
	"bcm/fsm"

	"github.com/goccy/go-yaml"
)

// config is the one configuration file, for managers and agents alike. A flag
// goes before the file, the file before the default.
type config struct {
	DataDir  string `yaml:"data_dir"`
	Name     string `yaml:"name"`      // of the node; the host's by default
	LogLevel string `yaml:"log_level"` // trace, debug, info, warn, error
	LogJSON  bool   `yaml:"log_json"`

	Join            []string `yaml:"join"`             // join tokens and addresses of managers, in any order
	BootstrapExpect int      `yaml:"bootstrap_expect"` // managers the new cluster is meant to have
	AdminPassword   string   `yaml:"admin_password_file"`

	Listen    addresses `yaml:"listen"`
	Advertise addresses `yaml:"advertise"` // where others find it, when that differs

	Gossip gossipConfig `yaml:"gossip"`

	Roles   []string          `yaml:"roles"`
	Site    string            `yaml:"site"`
	Labels  map[string]string `yaml:"labels"`
	Slots   int               `yaml:"slots"` // runs at once
	Storage storageConfig     `yaml:"storage"`
	Sesam   sesamConfig       `yaml:"sesam"`

	Raft        raftConfig    `yaml:"raft"`
	NodeTimeout time.Duration `yaml:"node_timeout"`
}

// addresses of the ports of a member, as host:port.
type addresses struct {
	API     string `yaml:"api"`
	Member  string `yaml:"member"`
	Gossip  string `yaml:"gossip"`
	Storage string `yaml:"storage"`
	Metrics string `yaml:"metrics"`
}

// gossipConfig lets an agent find managers that it has no address of.
type gossipConfig struct {
	KeyFile string   `yaml:"key_file"` // 32 bytes in base64
	Seeds   []string `yaml:"seeds"`
}

// storageConfig is that of the role backup-storage.
type storageConfig struct {
	Dir     string        `yaml:"dir"`     // DATA_DIR/storage by default
	MinAge  time.Duration `yaml:"min_age"` // nothing younger is deleted
	Reserve int64         `yaml:"reserve"` // bytes of the disk that stay free
	// KeepDeleted is how long what was deleted can still be read as of before.
	KeepDeleted time.Duration `yaml:"keep_deleted"`
	ScrubRate   int64         `yaml:"scrub_rate"` // bytes a second that scrubs read; 0 does not bound them
	CopyRate    int64         `yaml:"copy_rate"`  // bytes a second that copies fetch; 0 does not bound them
}

// sesamConfig is of the SEP sesam server on the same host, for a member that is to
// give that its HTTPS certificates.
type sesamConfig struct {
	IniDir string   `yaml:"ini_dir"` // the server's directory ini
	Reload []string `yaml:"reload"`  // the command that has it look for its certificate again
}

func (c sesamConfig) host() sesam.Host { return sesam.Host{IniDir: c.IniDir, Reload: c.Reload} }

// raftConfig is for networks that are not local.
type raftConfig struct {
	LogStore    string        `yaml:"log_store"` // wal or bolt
	Heartbeat   time.Duration `yaml:"heartbeat"`
	Election    time.Duration `yaml:"election"`
	LeaderLease time.Duration `yaml:"leader_lease"`
	StableFor   time.Duration `yaml:"stable_for"` // before a new manager votes
	Reserve     int64         `yaml:"reserve"`    // bytes of the disk that stay free
}

func defaultConfig() config {
	c := cluster.DefaultConfig()
	return config{
		DataDir:  envOr("BCM_DATA_DIR", "/var/lib/bcm"),
		LogLevel: "info",
		Listen:   addresses{API: ":7443", Member: ":7444", Gossip: ":7445", Storage: ":7446"},
		Slots:    fsm.DefaultSlots,
		Storage:  storageConfig{MinAge: time.Hour, Reserve: 1 << 30, KeepDeleted: 72 * time.Hour, ScrubRate: 50 << 20, CopyRate: 100 << 20},
		Sesam:    sesamConfig{Reload: []string{"sm_main", "reload", "rmi"}},
		Raft: raftConfig{LogStore: c.LogStore, Heartbeat: c.Heartbeat, Election: c.Election,
			LeaderLease: c.LeaderLease, StableFor: c.StableFor, Reserve: c.Reserve},
		NodeTimeout: c.NodeTimeout,
	}
}

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// readFile lays the file over the configuration. A key that is not known is an
// error that names it and the nearest known one.
func (c *config) readFile(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(data, &tree); err != nil {
		return fmt.Errorf("configuration %s is not YAML: %w", path, err)
	}
	if err := knownKeys("", tree, config{}); err != nil {
		return fmt.Errorf("configuration %s: %w", path, err)
	}
	if err := yaml.UnmarshalWithOptions(data, c, yaml.Strict()); err != nil {
		return fmt.Errorf("configuration %s: %w", path, err)
	}
	return nil
}

// validate names everything that is wrong, whatever the process is.
func (c *config) validate() error {
	var errs []error
	if c.DataDir == "" {
		errs = append(errs, errors.New("data_dir: a data directory is needed"))
	}
	if !knownLevel(c.LogLevel) {
		errs = append(errs, fmt.Errorf("log_level: %q is not one of trace, debug, info, warn, error", c.LogLevel))
	}
	if c.BootstrapExpect < 0 || c.BootstrapExpect > 9 || c.BootstrapExpect > 0 && c.BootstrapExpect%2 == 0 {
		errs = append(errs, fmt.Errorf("bootstrap_expect: %d managers; a cluster has 1, 3, 5, 7 or 9", c.BootstrapExpect))
	}
	if c.Slots < 1 || c.Slots > 1024 {
		errs = append(errs, fmt.Errorf("slots: %d does not lie between 1 and 1024", c.Slots))
	}
	if c.Storage.MinAge <= 0 || c.Storage.MinAge >= 24*time.Hour {
		errs = append(errs, fmt.Errorf("storage.min_age: %v is not more than 0 and less than 24h", c.Storage.MinAge))
	}
	if c.Sesam.IniDir != "" && (!filepath.IsAbs(c.Sesam.IniDir) || len(c.Sesam.Reload) == 0) {
		errs = append(errs, errors.New("sesam: ini_dir must be an absolute path, and reload a command with its arguments, such as [sm_main, reload, rmi]"))
	}
	if c.Storage.KeepDeleted < 0 || c.Storage.ScrubRate < 0 || c.Storage.CopyRate < 0 {
		errs = append(errs, errors.New("storage: keep_deleted, scrub_rate and copy_rate must not be negative"))
	}
	return errors.Join(errs...)
}
