package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// target is which grid to talk to, and as whom.
type target struct {
	addrs   []string // URLs of managers
	guessed bool     // nobody has said which
	token   string
	ca      []byte // PEM; nil for the authorities of the system
	cert    string // files of a client certificate and its key
	key     string
}

// localAddr is where a manager on this machine listens.
const localAddr = "https://127.0.0.1:7443"

// target works out which grid is meant: by flags, else by environment, else by
// the session that bcm login has kept. What was kept for one grid, its token
// above all, is never shown to another one.
func (a *app) target() (target, error) {
	kept, err := a.kept()
	if err != nil {
		return target{}, err
	}
	t := target{cert: a.env("BCM_CLIENT_CERT"), key: a.env("BCM_CLIENT_KEY")}
	if (t.cert == "") != (t.key == "") {
		return target{}, Usagef("BCM_CLIENT_CERT and BCM_CLIENT_KEY go together; one of them is not set")
	}
	if t.addrs, err = addresses(first(a.addr, a.env("BCM_ADDR"))); err != nil {
		return target{}, err
	}
	t.token = first(a.token, a.env("BCM_TOKEN"))
	if len(t.addrs) == 0 {
		t.addrs = kept.Addr
	}
	if same(t.addrs, kept.Addr) {
		t.token = first(t.token, kept.Token)
		t.ca = []byte(kept.CA)
	}
	if len(t.addrs) == 0 {
		t.addrs, t.guessed = []string{localAddr}, true
	}
	if file := first(a.cacert, a.env("BCM_CACERT")); file != "" {
		if t.ca, err = os.ReadFile(file); err != nil {
			return target{}, fmt.Errorf("reading the certificate authority: %w", err)
		}
	}
	return t, nil
}

// kept is what is known of a grid without being told: that of bcm dev in the
// data directory that BCM_DATA_DIR names, else that of the last login.
func (a *app) kept() (session, error) {
	if dir := a.env("BCM_DATA_DIR"); dir != "" {
		path := filepath.Join(dir, "dev.json")
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return devSession(path)
		}
	}
	return a.loadSession()
}

// devSession reads how to talk to the grid that bcm dev has described.
func devSession(path string) (session, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return session{}, fmt.Errorf("reading about the grid of bcm dev: %w", err)
	}
	var dev struct {
		Managers []struct{ URL string }
		Admin    struct{ Name, Token string }
		CA       string
	}
	if err := json.Unmarshal(data, &dev); err != nil {
		return session{}, fmt.Errorf("%s is damaged: %w", path, err)
	}
	ca, err := os.ReadFile(dev.CA)
	if err != nil {
		return session{}, fmt.Errorf("reading the certificate authority of bcm dev: %w", err)
	}
	s := session{User: dev.Admin.Name, Token: dev.Admin.Token, CA: string(ca)}
	for _, m := range dev.Managers {
		s.Addr = append(s.Addr, m.URL)
	}
	return s, nil
}

// addresses reads a list of managers.
func addresses(list string) ([]string, error) {
	var addrs []string
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimRight(strings.TrimSpace(one), "/"); one == "" {
			continue
		}
		full, err := address(one)
		if err != nil {
			return nil, err
		}
		addrs = append(addrs, full)
	}
	return addrs, nil
}

func same(addrs, kept []string) bool {
	for _, one := range addrs {
		if !slices.Contains(kept, one) {
			return false
		}
	}
	return true
}

// first is the first of the texts that is not empty.
func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// address makes a URL of the address of a manager: a URL, or host and port, or
// a host alone, which means the port of the API.
func address(one string) (string, error) {
	bare := !strings.Contains(one, "://")
	if bare {
		one = "https://" + one
	}
	u, err := url.Parse(one)
	switch {
	case err != nil:
		return "", Usagef("manager %q is not an address: %v", one, err)
	case u.Scheme != "https":
		return "", Usagef("manager %q: only https is spoken", one)
	case u.Hostname() == "" || u.Path != "" || u.RawQuery != "" || u.User != nil:
		return "", Usagef("manager %q is not an address; write it as https://host:7443", one)
	}
	if bare && u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), "7443")
	}
	return u.String(), nil
}
