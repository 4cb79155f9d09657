package api

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// shelf holds what the stored backups of tests look like.
type shelf struct{}

func (shelf) List(_ context.Context, s Stored, path string) ([]File, error) {
	if path != "/" {
		return nil, fsm.Errorf(fsm.NotFound, "the backup has no %s", path)
	}
	if s.Repository.Password != "open sesame" || s.Snapshot != "snap-1" {
		return nil, fsm.Errorf(fsm.Internal, "the door opened the wrong repository")
	}
	at := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	return []File{{Name: "a.txt", Path: "/a.txt", Type: "file", Size: 5, Mode: "0644", ModifiedAt: at, Owner: "0:0"},
		{Name: "d", Path: "/d", Type: "directory", Mode: "0755", ModifiedAt: at}}, nil
}

func (shelf) Snapshots(_ context.Context, s Stored) ([]Snapshot, error) {
	at := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	all := []Snapshot{{ID: "snap-1", Client: "c1", Task: "files", Backup: "b1", StartedAt: at, EndedAt: at, Files: 20, Bytes: 2000},
		{ID: "snap-0", Client: "c1", Task: "files", Backup: "b0", StartedAt: at, EndedAt: at, Files: 2, Bytes: 200}}
	if !s.Repository.AsOf.IsZero() {
		return all[:1], nil
	}
	return all, nil
}

func (shelf) Open(_ context.Context, _ Stored, path string) (io.ReadCloser, File, error) {
	if path != "/a.txt" {
		return nil, File{}, fsm.Errorf(fsm.NotFound, "the backup has no %s", path)
	}
	return io.NopCloser(strings.NewReader("hello")), File{Name: "a.txt", Size: 5}, nil
}

// Walk goes through a small tree. Below /broken a file ends too early, and below
// /endless one never does.
func (shelf) Walk(ctx context.Context, _ Stored, at string, visit func(string, File, func() (io.ReadCloser, error)) error) error {
	when := time.Date(2026, 2, 1, 0, 0, 0, 123, time.UTC)
	dir := File{Path: at, Type: "directory", Mode: "1755", ModifiedAt: when, Owner: "7:8"}
	file := File{Path: at + "/a.txt", Type: "file", Size: 5, Mode: "0640", ModifiedAt: when, Owner: "7:8"}
	link := File{Path: at + "/l", Type: "symlink", Mode: "0777", ModifiedAt: when, Owner: "7:8", Target: "../a.txt"}
	content := io.Reader(strings.NewReader("hello"))
	switch at {
	case "/broken":
		content = strings.NewReader("hel")
	case "/endless":
		file.Size, content = 1<<40, endless{ctx}
	case "/nothing":
		return fsm.Errorf(fsm.NotFound, "the backup has no %s", at)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(content), nil }
	if err := visit("", dir, open); err != nil {
		return err
	}
	if err := visit("a.txt", file, open); err != nil {
		return err
	}
	return visit("l", link, open)
}

// endless is a file that goes on until nobody wants it.
type endless struct{ ctx context.Context }

func (e endless) Read(p []byte) (int, error) { return len(p), e.ctx.Err() }

func (shelf) Find(_ context.Context, q FileQuery) (FileFindings, error) {
	at := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	out := FileFindings{Searched: len(q.In)}
	for _, s := range q.In {
		for _, name := range []string{"a.txt", "b.txt", "c.txt"} {
			if strings.Contains(name, q.Name) {
				out.Found = append(out.Found, FoundFile{File: File{Name: name, Path: "/" + name, Type: "file", Size: 5, Mode: "0644", ModifiedAt: at, Owner: "0:0"}, Backup: s.Backup})
			}
		}
	}
	out.Partial = q.Name == "partial"
	return out, nil
}

func (shelf) History(_ context.Context, in []Stored, path string) ([]FileVersion, error) {
	if path != "/a.txt" {
		return nil, nil
	}
	at := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	v := FileVersion{File: File{Name: "a.txt", Path: path, Type: "file", Size: 5, Mode: "0644", ModifiedAt: at}, Object: "content"}
	for _, s := range in {
		v.Backups = append(v.Backups, s.Backup)
	}
	return []FileVersion{v}, nil
}

// admit makes a node of the grid, online.
func (w *world) admit(t testing.TB, id, name string, roles ...string) {
	t.Helper()
	secret := pki.HashSecret("join " + id)
	w.must(t, "system:test",
		&fsm.CreateToken{ID: "join-" + id, Kind: fsm.JoinToken, Hash: secret, Roles: roles, Uses: 1, TTL: time.Hour},
		&fsm.JoinNode{Token: "join-" + id, Secret: secret, Key: []byte(id), Node: fsm.NewNode{ID: id, Name: name, Roles: roles,
			Site: "fra1", Labels: map[string]string{"rack": "7"}, Version: "test", Understands: fsm.Version,
			Addresses: fsm.Addresses{Storage: "127.0.0.1:7446"}},
			Certificate: fsm.Certificate{Meta: fsm.Meta{ID: "cert-" + id}, Roles: roles, NotAfter: fsm.At(w.clock().Add(pki.AgentLife))}})
	w.must(t, "plan:members", &fsm.MarkNode{ID: id, From: fsm.Joining, To: fsm.Online, LastSeen: fsm.At(w.clock())})
}

// newGrownWorld is a world with something of everything, under known ids.
func newGrownWorld(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.admit(t, "n1", "backup-1", fsm.RoleBackupManager)
	w.admit(t, "n2", "storage-1", fsm.RoleStorage)
	w.must(t, "system:test",
		&fsm.CreateUser{ID: "u-ada", Name: "ada", FullName: "Ada Lovelace", Email: "ada@example.org", Groups: []string{fsm.Operators}, Password: adminHash()},
		&fsm.CreateUser{ID: "u-bob", Name: "bob", Groups: []string{fsm.Auditors}, Disabled: true, Password: adminHash()},
		&fsm.CreateClient{ID: "cl1", Name: "c1", Address: "c1.example.org", Repository: fsm.NewRepository{ID: "r1",
			Password: pki.Seal(w.key, "repository/r1", []byte("open sesame"))}})
	w.must(t, "user:admin",
		&fsm.CreateGroup{ID: "g1", Name: "Helpdesk", Description: "Find and restore", Rank: 30, Rights: []fsm.Right{fsm.BackupsRead, fsm.BackupsRestore}},
		&fsm.CreateSchedule{ID: "s1", Name: "nightly", Cron: "30 2 * * *", Zone: "Europe/Berlin"},
		&fsm.CreateTask{ID: "t1", Name: "files", Client: "c1", Source: fsm.Source{Paths: []string{"/srv/data"}, Exclude: []string{"*.tmp"}},
			Retention: fsm.Retention{Daily: 7}, Schedule: "nightly"})
	w.must(t, "plan:assign", &fsm.PutAssignment{Client: "cl1", Managers: []string{"n1"}, Storages: []string{"n2"}})
	w.backup(t, "b1", "t1")
	w.must(t, "node:n1", &fsm.FinishBackup{ID: "b1", Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Succeeded, Snapshot: "snap-1",
		Stats: fsm.Stats{Files: 20, Bytes: 2000, NewFiles: 20, NewBytes: 1500}}})
	w.backup(t, "b2", "t1")
	w.SetProgress([]fsm.Progress{{Run: "b2", Node: "n1", Attempt: 1, Phase: "upload", Files: 10, Bytes: 1000, TotalFiles: 20,
		TotalBytes: 2000, Rate: 80, ETA: 12}})
	return w
}

// backup makes a backup of the task that the node n1 has begun.
func (w *world) backup(t testing.TB, id, task string) {
	t.Helper()
	w.must(t, "user:admin", &fsm.CreateBackup{ID: id, Task: task})
	w.must(t, "plan:place", &fsm.AssignBackup{ID: id, From: fsm.Queued, Node: "n1", Storages: []string{"n2"}})
	w.must(t, "node:n1", &fsm.StartBackup{ID: id, Attempt: 1})
}

// job makes a job on the backup b1 that the node n1 has begun.
func (w *world) job(t testing.TB, id string, cmd *fsm.CreateJob) {
	t.Helper()
	cmd.ID, cmd.Backup = id, "b1"
	w.must(t, "user:admin", cmd)
	w.must(t, "plan:place", &fsm.AssignJob{ID: id, From: fsm.Queued, Node: "n1"})
	w.must(t, "node:n1", &fsm.StartJob{ID: id, Attempt: 1})
}
