package kopia

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// cover makes a file or directory that not even root can read: a FUSE file system
// without a server is mounted over it.
func cover(t *testing.T, path string) error {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR, 0)
	if err != nil {
		return err
	}
	mode := "100000"
	if info.IsDir() {
		mode = "40000"
	}
	err = unix.Mount("dead", path, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=%s,user_id=0,group_id=0", fd, mode))
	if err = errors.Join(err, unix.Close(fd)); err == nil {
		t.Cleanup(func() { _ = unix.Unmount(path, unix.MNT_DETACH) })
	}
	return err
}
