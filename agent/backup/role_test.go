package backup_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bcm/agent"
	"bcm/agent/backup"
	"bcm/agent/backup/kopia"
	"bcm/agent/roletest"
	"bcm/agent/storage"
	"bcm/agent/storage/storagetest"
	"bcm/fsm"

	"github.com/hashicorp/go-hclog"
)

// rig is a storage, and the role with the real engine on the node n1.
type rig struct {
	*storagetest.Storage
	role *backup.Role
	real backup.Engine
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{Storage: storagetest.Start(t, storage.Options{})}
	r.Allow("n1", "ns", storage.Read|storage.Write)
	engine := kopia.New(kopia.Options{})
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	r.real = engine
	r.role = backup.New(backup.Config{Engine: engine, Identity: r.Holder("n1"), CacheDir: t.TempDir(), Log: hclog.NewNullLogger()})
	return r
}

func (r *rig) order(kind fsm.OrderKind, id string) fsm.Order {
	return fsm.Order{
		ID: id, Kind: kind, Role: fsm.RoleBackupManager, Attempt: 1, Fence: fsm.Fence{Index: 1}, Client: "c1", Task: id,
		Repository: &fsm.RepositoryAccess{Namespace: "ns", Password: "secret",
			Storages: []fsm.Peer{{ID: storagetest.ID, Address: strings.TrimPrefix(r.URL, "https://")}}},
	}
}

func (r *rig) backupOf(id string, paths ...string) fsm.Order {
	o := r.order(fsm.BackupOrder, id)
	o.Source = &fsm.Source{Paths: paths}
	return o
}

func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"a", "b/c"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("content of "+name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRoleContract(t *testing.T) {
	roletest.Run(t, func(t *testing.T) roletest.Subject {
		r := newRig(t)
		return roletest.Subject{
			Role: r.role, Progress: true,
			Order: func(t *testing.T, id string) fsm.Order { return r.backupOf(id, tree(t)) },
			Long: func(_ *testing.T, id string) fsm.Order {
				o := r.order(fsm.BackupOrder, id)
				o.Source = &fsm.Source{Command: []string{"sleep", "60"}, Name: "nothing"}
				return o
			},
		}
	})
}

func TestRoleOrders(t *testing.T) {
	r := newRig(t)
	do := func(o fsm.Order) (fsm.Outcome, error) {
		return r.role.Do(t.Context(), o, func(fsm.Progress) {})
	}
	dir := tree(t)
	stored, err := do(r.backupOf("b1", dir))
	if err != nil || stored.Snapshot == "" || stored.Stats.Files != 2 || stored.Stats.Bytes != 26 || stored.Stats.NewFiles != 2 || stored.Stats.NewBytes == 0 || len(stored.Warnings) != 0 {
		t.Fatalf("backup: %+v, %v", stored, err)
	}
	restore := r.order(fsm.RestoreOrder, "j1")
	target := filepath.Join(t.TempDir(), "there")
	restore.Snapshot, restore.Restore = stored.Snapshot, &fsm.Restore{Path: "/b", Target: target, Overwrite: fsm.Never}
	out, err := do(restore)
	if got, readErr := os.ReadFile(filepath.Join(target, "c")); err != nil || readErr != nil || string(got) != "content of b/c" || out.Stats.Files != 1 {
		t.Errorf("restore: %+v, %v, %q, %v", out, err, got, readErr)
	}
	verify := r.order(fsm.VerifyOrder, "j2")
	verify.Snapshot, verify.Percent = stored.Snapshot, 100
	if out, err = do(verify); err != nil || out.Stats.Files != 2 || out.Stats.Bytes != 26 {
		t.Errorf("verify: %+v, %v", out, err)
	}
	forget := r.order(fsm.ForgetOrder, "j3")
	forget.Snapshot = stored.Snapshot
	for range 2 { // the second time it is gone already
		if out, err = do(forget); err != nil {
			t.Errorf("forget: %+v, %v", out, err)
		}
	}
	if _, err = do(verify); !errors.Is(err, backup.ErrNotFound) {
		t.Errorf("verify what is forgotten: %v", err)
	}
	other := forget
	other.Repository = &fsm.RepositoryAccess{Namespace: "empty", Password: "secret", Storages: forget.Repository.Storages}
	r.Allow("n1", "empty", storage.Read|storage.Write)
	if out, err = do(other); err != nil {
		t.Errorf("forget where there is no repository: %+v, %v", out, err)
	}
}

func TestRoleTellsWhatWasLeftOut(t *testing.T) {
	r := newRig(t)
	out, err := r.role.Do(t.Context(), r.backupOf("b1", tree(t), "/no/such/place"), func(fsm.Progress) {})
	if err != nil || out.Snapshot == "" || out.Stats.Warnings != 1 || len(out.Warnings) != 1 || !strings.HasPrefix(out.Warnings[0], "/no/such/place: ") {
		t.Errorf("%+v, %v", out, err)
	}
	out, err = r.role.Do(t.Context(), r.backupOf("b2", "/no/such/place"), func(fsm.Progress) {})
	if !errors.Is(err, backup.ErrSource) || out.Snapshot != "" {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestRoleOrdersThatCannotBe(t *testing.T) {
	r := newRig(t)
	for name, change := range map[string]func(*fsm.Order){
		"no password":       func(o *fsm.Order) { o.Repository.Password = "" },
		"no storage":        func(o *fsm.Order) { o.Repository.Storages = nil },
		"no address":        func(o *fsm.Order) { o.Repository.Storages[0].Address = "" },
		"no source":         func(o *fsm.Order) { o.Source = nil },
		"no snapshot":       func(o *fsm.Order) { o.Kind = fsm.RestoreOrder; o.Restore = &fsm.Restore{Target: "/x"} },
		"nothing to verify": func(o *fsm.Order) { o.Kind = fsm.VerifyOrder },
		"nothing to forget": func(o *fsm.Order) { o.Kind = fsm.ForgetOrder },
	} {
		o := r.backupOf("b1", t.TempDir())
		change(&o)
		if out, err := r.role.Do(t.Context(), o, func(fsm.Progress) {}); err == nil {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

// A storage that is told of an order later than the backup manager must not fail it.
func TestRoleMayBeAheadOfTheStorage(t *testing.T) {
	r := newRig(t)
	r.Allow("n1", "ns", 0) // version 2 of the grants, without this one
	o := r.backupOf("b1", tree(t))
	o.Fence = fsm.Fence{Index: 3}
	refused := make(chan struct{})
	once := sync.OnceFunc(func() { close(refused) })
	r.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			next.ServeHTTP(w, req)
			once()
		})
	})
	done := make(chan error, 1)
	go func() {
		_, err := r.role.Do(t.Context(), o, func(fsm.Progress) {})
		done <- err
	}()
	<-refused
	r.Allow("n1", "ns", storage.Read|storage.Write)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestReachIsOfOneStorageOnly(t *testing.T) {
	r := newRig(t)
	o := r.backupOf("b1", tree(t))
	o.Repository.Storages[0].ID = "another" // whose address this one took
	ctx, cancel := context.WithCancelCause(t.Context())
	o.Source.Paths = []string{t.TempDir()}
	done := make(chan error, 1)
	go func() {
		_, err := r.role.Do(ctx, o, func(fsm.Progress) {})
		done <- err
	}()
	time.AfterFunc(300*time.Millisecond, func() { cancel(agent.ErrCancelled) })
	if err := <-done; !errors.Is(err, backup.ErrCanceled) {
		t.Errorf("%v", err)
	}
	if got := r.Server.Traffic().Requests.Load(); got != 0 {
		t.Errorf("%d requests reached it", got)
	}
}
