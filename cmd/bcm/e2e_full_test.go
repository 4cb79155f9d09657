package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bcm/cluster/pki"
)

// smallDisk mounts a disk of so many megabytes, or skips the test and says so.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: a small disk can be mounted by root alone")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("SKIPPED: a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A manager whose disk fills up refuses writes and says why, goes on answering,
// and takes writes again once there is room.
func TestDiskFillsUp(t *testing.T) {
	t.Parallel() // most of it is waiting
	disk := smallDisk(t, "400m")
	g := &testGrid{t: t, bin: binary(t), dir: filepath.Join(disk, "grid")}
	g.start("--demo=false", "--managers", "1", "--backup-managers", "0", "--storages", "0")
	t.Cleanup(g.stop)
	write := func(name string) error {
		return g.callOne(t.Context(), g.file.Managers[0].URL, pki.NewID(), http.MethodPost, "/v1/clients", object{"name": name}, nil)
	}
	check(t, write("before"))

	filler := writeFile(t, filepath.Join(disk, "filler"), strings.Repeat("x", 200<<20))
	g.eventually("writes are refused", func() error {
		err := write("while-" + pki.NewID())
		p, refused := errors.AsType[*problem](err)
		switch {
		case err == nil:
			return errors.New("a write was taken on a full disk")
		case !refused || p.Status != http.StatusInsufficientStorage || p.Code != "no_room" || !strings.Contains(p.Detail, "less than 256 MiB free"):
			t.Fatalf("it is refused with %v", err)
		}
		return nil
	})
	var clients struct{ Total int }
	g.must(http.MethodGet, "/v1/clients", nil, &clients)
	out, err := g.run("client", "add", "full")
	if err == nil || !strings.Contains(out, "less than 256 MiB free") {
		t.Errorf("the command line: %v, and it said:\n%s", err, out)
	}

	check(t, os.Remove(filler))
	g.eventually("writes are taken again", func() error { return write("after-" + pki.NewID()) })
	before := clients.Total
	g.must(http.MethodGet, "/v1/clients", nil, &clients)
	if clients.Total != before+1 {
		t.Errorf("%d clients, %d before the disk had room again: a refused write was done", clients.Total, before)
	}
}
