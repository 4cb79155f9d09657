package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// release is what differs between the releases that can be simulated.
type release struct {
	name      string // 5.2
	full      string // 5.2.0.3
	bareLogin bool   // login answers a bare string
}

func releases() map[string]release {
	return map[string]release{
		"5.1": {name: "5.1", full: "5.1.0.7", bareLogin: true},
		"5.2": {name: "5.2", full: "5.2.0.3"},
	}
}

// options is what the command line says.
type options struct {
	listen      string
	readyFile   string
	dataDir     string
	iniDir      string // empty: <data-dir>/ini
	releaseName string
	release     release
	name        string
	zone        string
	admin       string
	password    string
	httpsOnly   bool
	certificate string
	privateKey  string
	users       bool
	clusterMode bool
	localAccess bool
	policy      string
	lockAfter   int
	sessionTTL  time.Duration
	demo        bool
	control     bool
	logLevel    string
	profilePath string
	profile     profile
	seed        uint64
	faults      faults
	runs        runs
}

// flags binds the options to the command line; the names -z, -k and their long
// forms are those of the real REST server.
func (o *options) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:11401", "address for http and https; port 0 takes any")
	f.StringVar(&o.readyFile, "ready-file", "", "also write the line that says it is ready to this file")
	f.StringVar(&o.dataDir, "data-dir", "", "keep everything here; without it all is lost at the end")
	f.StringVar(&o.iniDir, "ini-dir", "", "where sm.ini and ssl/sesam.https.{crt,key} are looked for (default DATA-DIR/ini)")
	f.StringVar(&o.releaseName, "release", "5.2", "release to simulate: 5.1 or 5.2")
	f.StringVar(&o.name, "name", "sesam", "name of the server")
	f.StringVar(&o.zone, "timezone", "Europe/Berlin", "time zone of the server")
	f.StringVar(&o.admin, "admin", "Administrator", "name of the superuser")
	f.StringVar(&o.password, "password", "sesam", "password of the superuser on a fresh server")
	f.BoolVar(&o.httpsOnly, "https-only", false, "do not answer plain http")
	f.StringVarP(&o.certificate, "sslCertificate", "z", "", "certificate file (PEM); goes before the ini directory")
	f.StringVarP(&o.privateKey, "sslPrivateKey", "k", "", "key file (PEM) of --sslCertificate")
	f.BoolVar(&o.users, "users", true, "have the users endpoint, about which nothing is known")
	f.BoolVar(&o.clusterMode, "cluster-mode", true, "have /bcm-ext/v1/cluster-mode")
	f.BoolVar(&o.localAccess, "local-full-access", false, "requests from this host need no credentials (also localFullAccess=true in sm.ini)")
	f.StringVar(&o.policy, "password-policy", "none", "passwords that are taken: none (any) or complex")
	f.IntVar(&o.lockAfter, "lock-after", 0, "lock an account after so many failed logins in a row; 0: never")
	f.DurationVar(&o.sessionTTL, "session-ttl", 30*time.Minute, "life of an idle session")
	f.BoolVar(&o.demo, "demo", false, "fill a fresh server with demonstration content")
	f.BoolVar(&o.control, "control", false, "have the control endpoint /sesamsim/v1, for the superuser of the command line")
	f.StringVar(&o.logLevel, "log-level", "info", "trace, debug, info, warn or error; the log goes to stderr")
	f.StringVar(&o.profilePath, "profile", "", "JSON file with roles, directories and names of result fields")
	f.Uint64Var(&o.seed, "seed", 1, "seed of everything that happens by chance")
	o.faults.flags(c)
	o.runs.flags(c)
}

// complete checks the options and fills in what follows from others.
func (o *options) complete() error {
	var ok bool
	if o.release, ok = releases()[o.releaseName]; !ok {
		return fmt.Errorf("--release %q: 5.1 and 5.2 can be simulated", o.releaseName)
	}
	if _, err := time.LoadLocation(o.zone); err != nil {
		return fmt.Errorf("--timezone: %w", err)
	}
	if o.policy != "none" && o.policy != "complex" {
		return fmt.Errorf("--password-policy %q: none or complex", o.policy)
	}
	if (o.certificate == "") != (o.privateKey == "") {
		return errors.New("--sslCertificate and --sslPrivateKey go together")
	}
	if o.admin == "" || o.password == "" || o.sessionTTL <= 0 || o.lockAfter < 0 {
		return errors.New("--admin, --password and --session-ttl cannot be empty, --lock-after not negative")
	}
	if o.iniDir == "" && o.dataDir != "" {
		o.iniDir = filepath.Join(o.dataDir, "ini")
	}
	if err := o.faults.valid(); err != nil {
		return err
	}
	if err := o.runs.valid(); err != nil {
		return err
	}
	var err error
	o.profile, err = readProfile(o.profilePath)
	return err
}

// profile replaces what had to be chosen because it is not known, so that the
// real thing can be dropped in later.
type profile struct {
	// Roles are all roles of the server. The names All and ReadOnly are known.
	Roles []profileRole `json:"roles"`
	// Directories are the LDAP and AD sources that credentials stand for.
	Directories []directory `json:"directories"`
	// ResultFields renames members of results: {"savesetId": "saveset"}.
	ResultFields map[string]string `json:"result_fields"`
}

type profileRole struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// readProfile reads a profile strictly; without a path it is our choice.
func readProfile(path string) (profile, error) {
	p := profile{Roles: []profileRole{{1, "ReadOnly"}, {2, "All"}}}
	if path == "" {
		return p, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return p, fmt.Errorf("--profile: %w", err)
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("--profile %s: %w", path, err)
	}
	return p, nil
}
