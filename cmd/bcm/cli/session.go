package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// session is what bcm login keeps for the verbs that come after it. The file is
// for its owner's eyes alone.
type session struct {
	Addr      []string  `json:"addr"`
	User      string    `json:"user"`
	Token     string    `json:"token"`
	CA        string    `json:"ca,omitempty"` // PEM; "" for the authorities of the system
	ExpiresAt time.Time `json:"expires_at"`
}

// sessionFile is where the session is kept, "" for a user without a home.
func (a *app) sessionFile() string {
	dir, err := a.configDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "bcm", "session.json")
}

// loadSession reads the session, or an empty one when there is none. One that
// others may read is refused: its token may be known to them.
func (a *app) loadSession() (session, error) {
	var s session
	path := a.sessionFile()
	if path == "" {
		return s, nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("reading the session: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return s, fmt.Errorf("%s can be read by others (mode %v); remove it and log in again: bcm login", path, info.Mode().Perm())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return s, fmt.Errorf("reading the session: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("%s is damaged (%w); remove it and log in again: bcm login", path, err)
	}
	return s, nil
}

// saveSession writes the session so that a reader sees the old one or the new.
func (a *app) saveSession(s session) (err error) {
	path := a.sessionFile()
	if path == "" {
		return errors.New("there is no place to keep the session in: set HOME or XDG_CONFIG_HOME")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keeping the session: %w", err)
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".session-") // made with mode 0600
	if err != nil {
		return fmt.Errorf("keeping the session: %w", err)
	}
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keeping the session: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// dropSession forgets the session.
func (a *app) dropSession() error {
	err := os.Remove(a.sessionFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forgetting the session: %w", err)
	}
	return nil
}
