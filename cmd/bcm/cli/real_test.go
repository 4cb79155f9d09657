package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"bcm/api"
	"bcm/cluster/pki"
	"bcm/fsm"
)

// solo is a cluster of one manager without a network, in front of which the real
// API stands. What verbs do not need is missing.
type solo struct {
	api.Cluster
	mu    sync.Mutex
	state *fsm.FSM
	index uint64
}

func (s *solo) Apply(ctx context.Context, by string, cmd fsm.Command) (fsm.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := fsm.NewEntry(ctx, by, cmd)
	if err != nil {
		return fsm.Result{}, err
	}
	s.index++
	e.At = fsm.At(clock.Add(time.Duration(s.index) * time.Millisecond))
	outcomes, err := s.state.Replay(s.index, e)
	if err != nil {
		return fsm.Result{}, err
	}
	return outcomes.At(0)
}

func (s *solo) View(ctx context.Context, f fsm.Freshness) (*fsm.View, error) {
	return s.state.View(ctx, f.Index())
}

func (s *solo) Status() api.Status {
	return api.Status{Leader: "m1", LeaderName: "manager-1", IsLeader: true, Term: 3,
		Members: []api.Member{{ID: "m1", Name: "manager-1", Voter: true, Healthy: true}}}
}

func (s *solo) Progress(string) (fsm.Progress, bool)                   { return fsm.Progress{}, false }
func (s *solo) TransferLeadership(context.Context, string) error       { return nil }
func (s *solo) RemoveMember(context.Context, string) error             { return nil }
func (s *solo) TryLogin(context.Context, string, string) time.Duration { return 0 }
func (s *solo) TellLogin(context.Context, string, string, bool)        {}
func (s *solo) RestoreSnapshot(_ context.Context, from io.Reader) error {
	_, err := io.Copy(io.Discard, from)
	return err
}
func (s *solo) SaveSnapshot(ctx context.Context) (io.ReadCloser, error) {
	v, err := s.View(ctx, fsm.Local())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := v.WriteSnapshot(&b); err != nil {
		return nil, err
	}
	return io.NopCloser(&b), nil
}

const adminPassword = "a long enough secret"

// newRealWorld is a world in which the real API answers.
func newRealWorld(t *testing.T) (*world, *solo) {
	t.Helper()
	s := &solo{state: fsm.New(hclog.NewNullLogger())}
	key := pki.Key{1, 2, 3}
	ca, err := pki.NewCA("grid", clock)
	if err != nil {
		t.Fatal(err)
	}
	s.must(t, "system:bootstrap", &fsm.InitCluster{
		Cluster: "grid", CACertificate: ca.CertPEM(), CAKey: pki.Seal(key, "setting/"+fsm.CAKey, ca.KeyPEM()),
		Admin: fsm.CreateUser{ID: "u-admin", Name: "admin", Groups: []string{fsm.Superusers}, Password: pki.HashPassword(adminPassword)},
		Manager: fsm.NewNode{ID: "m1", Name: "manager-1", Roles: []string{fsm.RoleManager, fsm.RoleBackupManager},
			Addresses: fsm.Addresses{API: "127.0.0.1:7443"}, Understands: fsm.Version},
		Certificate: fsm.Certificate{Meta: fsm.Meta{ID: "c1"}, Node: "m1", NotAfter: fsm.At(clock.Add(pki.ManagerLife))},
	})
	door, err := api.New(api.Config{Cluster: s, Key: key, Name: "manager-1", Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.real = door.Handler()
	w.stdin = adminPassword + "\n"
	delete(w.env, "BCM_TOKEN")
	if got := w.run("login", "admin", "--password-file", "-"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	return w, s
}

func (s *solo) must(t *testing.T, by string, cmd fsm.Command) {
	t.Helper()
	if _, err := s.Apply(t.Context(), by, cmd); err != nil {
		t.Fatalf("%s: %v", fsm.KindOf(cmd), err)
	}
}

// realVerbs are run one after the other; | stands for a blank in an argument.
var realVerbs = []struct {
	args string
	code int
	says string
}{
	{"whoami", 0, "admin"},
	{"node list --status joining --role cluster-manager --mode active --site= --sort -name --search man", 0, "manager-1"},
	{"node show manager-1", 0, "joining"},
	{"node mode manager-1 maintenance", 0, "maintenance"},
	{"node drain manager-1 --wait", 0, "is drained"},
	{"node impact manager-1", 0, "Without a runner"},
	{"node impact nobody", 1, `no node "nobody"`},
	{"assignment list --client nobody", 2, `no client "nobody"`},
	{"client explain nobody", 2, `no client "nobody"`},
	{"node events manager-1 --from 1h --kind nodes", 2, "unknown flag"},
	{"node events manager-1", 0, "active → maintenance"},
	{"node show nobody", 1, `no node "nobody"`},

	{"node add s1 --roles backup-storage --address https://s1:1 --user x", 2, "join with a token"},
	{"node add s1 --roles sesam-server --user x", 2, "--address and --user"},
	{"node add s1 --roles sesam-server --address https://s1:11401 --user x --password-file -", 1, "cannot ask servers"},
	{"node add s1 --roles sesam-server --address https://s1:11401 --user x --password-file - --fingerprint short", 2, "64 hexadecimal digits"},
	{"node add s1 --roles sesam-server --address https://s1:11401 --user x --password-file - --passthrough --site fra1 --label a=b --fingerprint 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 0, "belongs to the grid"},
	{"node show s1", 0, "Cluster mode"},
	{"node objects s1 --kind user --enabled true", 0, "no objects"},
	{"node objects manager-1", 1, "not a SEP sesam server"},
	{"node mode s1 managed --take-over --drift report", 1, "nobody has looked at it yet"},
	{"node start s1 nightly", 2, "has no task"},
	{"sync status", 0, "standalone"},
	{"sync diff s1", 0, "would be done if s1 were managed"},
	{"sync diff manager-1", 1, "not a SEP sesam server"},
	{"sync run", 0, ""},
	{"sync run s1", 1, "is its own master"},
	{"node remove s1 -y", 0, "removed"},

	{"user create ada --group Operators --email a@b --full-name Ada --password-file - --disabled", 0, "created"},
	{"user create ada --password-file -", 1, "exists already"},
	{"user create eve --group Nobody --password-file -", 2, `no group "Nobody"`},
	{"user list --enabled=false --group Operators --origin cluster", 0, "ada"},
	{"user update ada --full-name Ada|L --group Auditors --group Operators --password-file -", 0, "changed"},
	{"user enable ada", 0, "enabled"},
	{"user disable ada", 0, "disabled"},
	{"user show ada", 0, "Auditors, Operators"},
	{"user remove ada --yes", 0, "removed"},
	{"user remove admin --yes", 1, "last enabled superuser"},

	{"group create Night --right backups:read --rank 10 --description x", 0, "created"},
	{"group create Bad --right fly", 2, `"fly" is not one of`},
	{"group update Night --name Late --rank 20", 0, "changed"},
	{"group list --predefined=false", 0, "Late"},
	{"group show Late", 0, "backups:read"},
	{"group remove Late -y", 0, "removed"},

	{"client add c1 --address h --label a=b --quota 1GiB", 0, "added"},
	{"client add c2 --repository c1", 0, "added"},
	{"client update c1 --name c0 --label=", 0, "changed"},
	{"client list --repository c1", 0, "c0"},
	{"client show c2", 0, "c1"},

	{"schedule add nightly --cron 30|2|*|*|* --zone Europe/Berlin --missed skip", 0, "added"},
	{"schedule add bad --cron never", 2, "cannot be read"},
	{"schedule update nightly --enabled=false --name late", 0, "changed"},
	{"schedule list --enabled=false", 0, "late"},
	{"schedule show late", 0, "Europe/Berlin"},

	{"task add t1 --client c0 --path /srv --exclude *.tmp --level full --schedule late --keep-daily 7 --node manager-1", 0, "added"},
	{"task add t2 --client c0 --command pg_dump --file db.sql", 0, "added"},
	{"task add t3 --client c0 --path relative", 2, "not an absolute path"},
	{"task update t1 --keep-last 3 --schedule= --name t0", 0, "changed"},
	{"task disable t0", 0, "disabled"},
	{"task enable t0", 0, "enabled"},
	{"task list --client c0 --enabled true", 0, "pg_dump > db.sql"},
	{"task show t0", 0, "3 last"},

	{"backup run t0 --level copy", 0, "is queued"},
	{"task run t0", 1, "is queued already"},
	{"backup run --client c0 --path /etc", 0, "is queued"},
	{"backup run nothing", 1, `no task "nothing"`},
	{"backup list --status queued --client c0 --task t0 --from 1d --to 2030-01-01", 0, "t0"},
	{"backup list --status lost", 2, `"lost" is not one of`},
	{"backup list --sort nothing", 2, "no such field"},
	{"backup list --client nobody", 2, `no client "nobody"`},
	{"backup show nothing", 1, `no backup "nothing"`},
	{"backup watch nothing", 1, `no backup "nothing"`},
	{"backup restore nothing --node manager-1 --target /x --overwrite always", 1, `no backup "nothing"`},
	{"backup verify nothing --percent 10", 1, `no backup "nothing"`},
	{"backup files nothing /etc", 1, `no backup "nothing"`},
	{"backup files nothing /etc/hosts --get -", 1, `no backup "nothing"`},
	{"backup cancel nothing", 1, `no backup "nothing"`},
	{"backup remove nothing -y", 1, `no backup "nothing"`},

	{"repository list --node nobody", 2, `no node "nobody"`},
	{"repository list --node manager-1", 0, "no repositories"},
	{"repository list --sort -name", 0, "c1"},
	{"repository show c1", 0, "c1"},
	{"repository update c1 --quota 2GiB", 0, "changed"},
	{"repository scrub c1 --wait=false", 1, "is empty"},
	{"repository copy c1", 1, "lies on one storage alone"},
	{"repository snapshots c1", 1, "cannot look into repositories"},
	{"repository files c1 snap /", 1, "cannot look into repositories"},
	{"repository restore c1 snap --node manager-1 --target /x --as-of 1d", 1, "is empty"},
	{"repository snapshots c1 --as-of never", 2, "write a moment as"},
	{"job list --kind copy --kind scrub --status queued --repository c1 --from 1d --to 2030-01-01", 0, "no jobs"},
	{"job list --kind dance", 2, `"dance" is not one of`},
	{"job list --repository nothing", 2, `no repository "nothing"`},
	{"job show nothing", 1, `no job "nothing"`},
	{"job watch nothing", 1, `no job "nothing"`},
	{"job cancel nothing", 1, `no job "nothing"`},

	{"client remove c0 -y", 1, "has tasks (2)"},
	{"task remove t0 -y", 1, "is running as backup"},
	{"task remove t2 -y", 0, "removed"},
	{"schedule remove late -y", 0, "removed"},
	{"client remove c2 -y", 0, "removed"},

	{"token create --roles backup-manager --uses 2 --ttl 30m --name x", 0, "bcm agent --roles backup-manager --join bcm1-a-"},
	{"token create --roles cluster-manager", 0, "bcm manager --join bcm1-m-"},
	{"token create --roles pilot", 2, `"pilot" is not one of`},
	{"token create --api --name report --ttl 90d --user admin", 0, "bcmt_"},
	{"token list --role backup-manager --revoked=false", 0, "0 of 2"},
	{"token list --api --user admin", 0, "report"},
	{"token list --user admin", 2, "no such parameter"},

	{"user explain admin cluster:write", 0, "from Superusers"},
	{"user explain admin nothing:known", 2, "is not one of"},
	{"operator raft list-peers", 0, "leader"},
	{"operator raft transfer-leadership manager-1", 0, "leads now"},
	{"operator raft remove-peer nobody -y", 1, `no manager "nobody"`},
	{"operator snapshot save saved", 0, "state of index"},
	{"operator snapshot inspect saved", 0, "grid"},
	{"operator snapshot restore -y saved", 0, "the state is that of"},
	{"cert list --node manager-1 --revoked=false", 0, "c1"},
	{"cert show c1", 0, "manager-1"},
	{"audit list --by user:admin --action user.create --kind users --result ok --from 1h --to 2030-01-01", 0, "ada"},
	{"audit verify", 0, "all in order"},
}

// TestAgainstTheAPI runs the verbs one after the other against the real API: the
// paths, filters and fields that they use are ones that it has.
func TestAgainstTheAPI(t *testing.T) {
	w, s := newRealWorld(t)
	t.Chdir(t.TempDir())
	for _, c := range realVerbs {
		w.stdin = "another good secret\n"
		got := w.run(words(c.args)...)
		if got.code != c.code || !strings.Contains(got.out+got.err, c.says) {
			t.Errorf("bcm %s: code %d, wanted %d and %q\n%s%s", c.args, got.code, c.code, c.says, got.out, got.err)
		}
	}
	ids := strings.Fields(w.run("token", "list", "-q").out)
	if got := w.run(append([]string{"token", "revoke", "-y"}, ids...)...); got.code != 0 || strings.Count(got.out, "is revoked") != 2 {
		t.Errorf("%q: %+v", ids, got)
	}
	if got := w.run("logout"); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if got := w.run("node", "list"); got.code != 1 || !strings.Contains(got.err, "Log in with: bcm login") {
		t.Errorf("%+v", got)
	}
	if s.index < 40 {
		t.Errorf("only %d changes", s.index)
	}
}
