package storage

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bcm/agent/storage/blob"

	"github.com/hashicorp/go-hclog"
)

const childVar = "BCM_TEST_STORE_CHILD"

// TestMain lets the test binary be the process that TestStoreSurvivesKill kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childVar); dir != "" {
		storeForEver(dir)
	}
	os.Exit(m.Run())
}

// storeForEver stores blobs and says the name of each one that was acknowledged.
func storeForEver(dir string) {
	s, err := Open(dir, Options{}, hclog.NewNullLogger())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		name := fmt.Sprintf("p%06d", i)
		if err := put(s, "ns", name, bytes.Repeat([]byte(name), 20_000)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(name)
	}
}

func TestStoreSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), childVar+"="+filepath.Join(dir, fmt.Sprint(round)))
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		var acknowledged []string
		for lines := bufio.NewScanner(out); lines.Scan(); {
			acknowledged = append(acknowledged, lines.Text())
			if len(acknowledged) == 10 {
				if err := child.Process.Kill(); err != nil { // in the middle of the next one
					t.Fatal(err)
				}
			}
		}
		_ = child.Wait() // it was killed
		s := openStore(t, filepath.Join(dir, fmt.Sprint(round)), Options{})
		for _, name := range acknowledged {
			if !bytes.Equal(content(t, s, "ns", name), bytes.Repeat([]byte(name), 20_000)) {
				t.Errorf("%s was acknowledged and is not whole", name)
			}
		}
		all, err := s.List("ns", "", time.Time{})
		if err != nil || len(all) < len(acknowledged) {
			t.Errorf("%d listed, %d acknowledged, %v", len(all), len(acknowledged), err)
		}
		for _, info := range all {
			stat, err := s.Stat("ns", info.Name)
			if err != nil || sha256.Sum256(content(t, s, "ns", info.Name)) != stat.Sum {
				t.Errorf("%s is listed and torn: %v", info.Name, err)
			}
		}
		if left := files(t, filepath.Join(s.dir, "tmp")); len(left) > 0 {
			t.Errorf("temporaries of the crash: %v", left)
		}
	}
}

func TestStoreIsServedOnce(t *testing.T) {
	dir := t.TempDir()
	openStore(t, dir, Options{})
	if _, err := Open(dir, Options{}, hclog.NewNullLogger()); !errors.Is(err, ErrInUse) {
		t.Errorf("a second time: %v", err)
	}
}

func TestStoreDoesNotListWhatIsNotWhole(t *testing.T) {
	data := []byte(strings.Repeat("data", 1000))
	damage := map[string]func(path string) error{
		"truncated": func(p string) error { return os.Truncate(p, headSize+10) },
		"empty":     func(p string) error { return os.Truncate(p, 0) },
		"longer": func(p string) error {
			return os.WriteFile(p, append(head{size: int64(len(data))}.encode(), append(data, 'x')...), 0o600)
		},
		"head overwritten": func(p string) error {
			f, err := os.OpenFile(p, os.O_RDWR, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte{0xff}, 12)
			return errors.Join(err, f.Close())
		},
		"foreign":  func(p string) error { return os.WriteFile(p, data, 0o600) },
		"misnamed": func(p string) error { return os.Rename(p, p+"x") },
	}
	for name, spoil := range damage {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openStore(t, dir, Options{})
			mustPut(t, s, "ns", "p1", data)
			mustPut(t, s, "ns", "p2", data)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := spoil(s.path("ns", "p1")); err != nil {
				t.Fatal(err)
			}
			s = openStore(t, dir, Options{})
			all, err := s.List("ns", "", time.Time{})
			if err != nil || len(all) != 1 || all[0].Name != "p2" {
				t.Errorf("listed: %v, %v", all, err)
			}
			if _, err := s.Get("ns", "p1"); !errors.Is(err, blob.ErrMissing) {
				t.Errorf("read: %v", err)
			}
			if u, err := s.Usage(); err != nil || u.Damaged != 1 {
				t.Errorf("usage %+v, %v", u, err)
			}
			mustPut(t, s, "ns", "p1", data) // it can be stored anew
		})
	}
}

func FuzzReadHead(f *testing.F) {
	f.Add(head{created: time.Unix(5, 0), size: 3}.encode(), int64(headSize+3))
	f.Add([]byte("bcmblob1"), int64(8))
	f.Fuzz(func(t *testing.T, data []byte, size int64) {
		h, err := readHead(bytes.NewReader(data), size)
		if err != nil {
			return
		}
		if size != headSize+h.size || !bytes.Equal(h.encode()[:60], data[:60]) {
			t.Errorf("read %+v from a file of %d bytes", h, size)
		}
	})
}
