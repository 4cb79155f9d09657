package sesam

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"bcm/agent"
	"bcm/fsm"
)

// Host is what the role is told of a server on its own host, so that it can give that
// another HTTPS certificate. The zero value is for a role that runs elsewhere.
type Host struct {
	IniDir   string        // the server's directory ini
	Reload   []string      // the command that has the server look for its certificate again
	Patience time.Duration // how long it may take to show it; 0 means half a minute
}

const (
	showPatience   = 30 * time.Second
	showPace       = 200 * time.Millisecond
	reloadPatience = time.Minute
	undoPatience   = 3 * time.Minute
)

// Where a server looks for its certificate and key, below its directory ini; and
// where we keep those that it had before, while new ones are tried and after that.
const (
	certFile  = "sesam.https.crt"
	keyFile   = "sesam.https.key"
	beforeDir = "bcm-before"
	oldDir    = "bcm-previous"
)

// lacks says why no certificate can be installed; "" when it can.
func (h *Host) lacks() string {
	if h.IniDir == "" {
		return "the node that looks after the server is not told where it lies: name its directory in the configuration of an agent on its host (sesam.ini_dir)"
	}
	if info, err := os.Stat(h.IniDir); err != nil || !info.IsDir() {
		return fmt.Sprintf("sesam.ini_dir in the configuration of the agent names %s, which is no directory on its host", h.IniDir)
	}
	return ""
}

// certify gives a server another certificate. The watch of the server takes it for
// the server's from the moment at which it is installed.
func (r *Role) certify(ctx context.Context, o fsm.Order, progress func(fsm.Progress)) (fsm.Outcome, error) {
	if why := r.cfg.Host.lacks(); why != "" {
		return fsm.Outcome{}, errors.New(why)
	}
	if o.Pair == nil {
		return fsm.Outcome{}, errors.New("the order names no certificate to install")
	}
	r.installing.Lock() // there is one directory
	defer r.installing.Unlock()
	r.mu.Lock()
	w := r.watchOf(o.Servers[0])
	r.mu.Unlock()
	w.next.Store(&o.Pair.Fingerprint)
	if err := r.cfg.Host.install(ctx, o.Servers[0].Address, o.Pair, progress); err != nil {
		w.next.Store(nil)
		return fsm.Outcome{}, err
	}
	return fsm.Outcome{}, nil
}

// install puts a certificate and its key where the server looks for them, has it look,
// and sees that it shows the new one. If it does not, all is as it was before.
func (h *Host) install(ctx context.Context, address string, p *fsm.Pair, progress func(fsm.Progress)) error {
	if _, err := tls.X509KeyPair(p.Certificate, []byte(p.Key)); err != nil {
		return fmt.Errorf("the certificate and its key do not belong together: %w", err)
	}
	was, err := Probe(ctx, address)
	if err != nil {
		return fmt.Errorf("nothing was installed: %w", err)
	}
	progress(fsm.Progress{Phase: "install", Item: certFile})
	if err := h.keepOld(); err != nil {
		return fmt.Errorf("nothing was installed: the old certificate cannot be kept: %w", err)
	}
	err = errors.Join(h.write(keyFile, []byte(p.Key)), h.write(certFile, p.Certificate))
	if err == nil {
		err = h.reload(ctx)
	}
	if err == nil {
		progress(fsm.Progress{Phase: "check", Item: address})
		err = h.awaitShown(ctx, address, p.Fingerprint)
	}
	if err == nil {
		return h.keepForGood()
	}
	back, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	return fmt.Errorf("%w; %s", err, h.undo(back, address, was.Fingerprint))
}

func (h *Host) path(name ...string) string {
	return filepath.Join(append([]string{h.IniDir, "ssl"}, name...)...)
}

// write puts a file in place that only the owner of the directory ini can read.
func (h *Host) write(name string, data []byte) error {
	path := h.path(name)
	if err := agent.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	return h.give(path)
}

// give makes a file that of the owner of the directory ini, as whom the server runs.
func (h *Host) give(path string) error {
	info, err := os.Stat(h.IniDir)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Getuid() {
		return os.Chown(path, int(owner.Uid), int(owner.Gid))
	}
	return nil
}

// keepOld keeps what there is, unless that is there from a try that broke off: then
// what is in place may be half of that one.
func (h *Host) keepOld() error {
	err := os.Mkdir(h.path(), 0o700)
	if err == nil {
		err = h.give(h.path())
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Stat(h.path(beforeDir)); err == nil {
		return nil
	}
	dir, err := os.MkdirTemp(h.path(), "."+beforeDir+"-*")
	if err != nil {
		return err
	}
	for _, name := range []string{certFile, keyFile} {
		data, err := os.ReadFile(h.path(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = agent.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
		if err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
	}
	return os.Rename(dir, h.path(beforeDir))
}

// keepForGood keeps what was before as the backup of what is now.
func (h *Host) keepForGood() error {
	if err := os.RemoveAll(h.path(oldDir)); err != nil {
		return err
	}
	return os.Rename(h.path(beforeDir), h.path(oldDir))
}

// reload has the server look for its certificate again.
func (h *Host) reload(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reloadPatience)
	defer cancel()
	out, err := exec.CommandContext(ctx, h.Reload[0], h.Reload[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the server was not reloaded: %s: %w: %s", strings.Join(h.Reload, " "), err, glimpse(out))
	}
	return nil
}

// awaitShown waits until the server shows a certificate.
func (h *Host) awaitShown(ctx context.Context, address, fingerprint string) error {
	patience := h.Patience
	if patience == 0 {
		patience = showPatience
	}
	end := time.Now().Add(patience)
	again := time.NewTicker(showPace)
	defer again.Stop()
	for {
		is, err := Probe(ctx, address)
		if err == nil && is.Fingerprint == fingerprint {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("it shows %s", is.Fingerprint)
		}
		if time.Now().After(end) {
			return fmt.Errorf("the server does not show the certificate %s within %s: %w", fingerprint, patience, err)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// undo brings back what was before, and says what has come of that. A server that
// never took the new certificate up, and had no old one in its directory, is left
// alone: it would only sign itself another one, which nobody trusts.
func (h *Host) undo(ctx context.Context, address, was string) string {
	had, err := h.putBack()
	if err != nil {
		return fmt.Sprintf("the old one could not be put back, it lies in %s: %v", h.path(beforeDir), err)
	}
	if is, err := Probe(ctx, address); !had && err == nil && is.Fingerprint == was {
		return "what was installed is taken away again, and the server goes on with its own one"
	}
	if err := errors.Join(h.reload(ctx), h.awaitShown(ctx, address, was)); err != nil {
		return fmt.Sprintf("the old one is put back, but %v", err)
	}
	return "the old one is put back and in service"
}

// putBack puts the files back that were there before; had tells whether there were
// any.
func (h *Host) putBack() (had bool, err error) {
	for _, name := range slices.Backward([]string{certFile, keyFile}) {
		data, err := os.ReadFile(h.path(beforeDir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if err = os.Remove(h.path(name)); errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
		case err == nil:
			had, err = true, h.write(name, data)
		}
		if err != nil {
			return had, err
		}
	}
	return had, os.RemoveAll(h.path(beforeDir))
}
