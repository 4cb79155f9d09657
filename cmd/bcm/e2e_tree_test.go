package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// makeTree fills a directory with files of many kinds, the same for the same
// seed: sizes from none to some hundred kilobytes, modes, times, owners (as root),
// links, empty directories, names that are not ASCII.
func makeTree(t *testing.T, dir string, files int, seed uint64) {
	t.Helper()
	dice := rand.New(rand.NewPCG(seed, 1))
	noise := make([]byte, 256<<10)
	for i := range noise {
		noise[i] = byte(dice.Uint32())
	}
	folder := ""
	for i := range files {
		if i%200 == 0 {
			folder = filepath.Join(dir, fmt.Sprintf("ordner-%03d äöü", i/200))
			check(t, os.MkdirAll(folder, 0o750))
		}
		path := filepath.Join(folder, fmt.Sprintf("file-%05d.dat", i))
		size := dice.IntN(2 << 10)
		if i%50 == 0 {
			size = dice.IntN(len(noise) / 2)
		}
		start := dice.IntN(len(noise) - size)
		check(t, os.WriteFile(path, noise[start:start+size], []fs.FileMode{0o600, 0o644, 0o755, 0o400}[i%4]))
		if os.Geteuid() == 0 && i%3 == 0 {
			check(t, os.Lchown(path, 1000+i%7, 2000))
		}
		check(t, os.Chtimes(path, time.Time{}, time.Unix(1_500_000_000+int64(dice.IntN(100_000_000)), int64(dice.IntN(1_000_000_000)))))
	}
	check(t, os.Mkdir(filepath.Join(dir, "empty"), 0o700))
	check(t, os.Symlink("empty", filepath.Join(dir, "link")))
	check(t, os.Symlink("/does/not/exist", filepath.Join(dir, "dangling")))
	check(t, os.WriteFile(filepath.Join(dir, "nothing"), nil, 0o644))
	check(t, os.Chtimes(folder, time.Time{}, time.Unix(1_400_000_000, 0)))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// describe lists everything in a tree with all that a backup has to keep.
func describe(t *testing.T, root string) []string {
	t.Helper()
	var lines []string
	check(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return fmt.Errorf("%s: no stat", path)
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s %v %d:%d", rel, info.Mode(), stat.Uid, stat.Gid)
		switch {
		case info.Mode().IsRegular():
			sum, err := sumOf(path)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %d %d %x", info.Size(), info.ModTime().UnixNano(), sum)
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			line += " -> " + to
		case d.IsDir():
			line += fmt.Sprintf(" %d", info.ModTime().UnixNano())
		}
		lines = append(lines, line)
		return nil
	}))
	return lines
}

func sumOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	return h.Sum(nil)[:8], nil
}

// sameTree compares two trees entry by entry.
func sameTree(t *testing.T, want, got string) {
	t.Helper()
	a, b := describe(t, want), describe(t, got)
	if len(a) < 4 {
		t.Errorf("only %d entries were to be kept", len(a))
	}
	var differ []string
	for _, line := range a {
		if _, ok := slices.BinarySearch(b, line); !ok && !slices.Contains(b, line) {
			differ = append(differ, "- "+line)
		}
	}
	for _, line := range b {
		if _, ok := slices.BinarySearch(a, line); !ok && !slices.Contains(a, line) {
			differ = append(differ, "+ "+line)
		}
	}
	if len(differ) > 0 {
		t.Errorf("%d differences, for example:\n%s", len(differ), strings.Join(differ[:min(len(differ), 10)], "\n"))
	}
}
