package fsm

import (
	"context"
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// Version of this program's meaning of the log. A command says in which version
// it came in, and is proposed only once every manager has reached it.
const Version = 1

// Command is one change to the state. The set is closed: see [kinds].
type Command interface {
	// apply changes the state, or refuses with an [*Error]. It returns the id of
	// the object that the command was about.
	apply(tx *Tx) (id string, err error)
}

// Entry is a command as the log holds it.
type Entry struct {
	Kind string          `cbor:"kind"`          // "backup.create"
	At   Time            `cbor:"at"`            // set by the leader, never before the last one
	By   string          `cbor:"by"`            // "user:ada", "node:ID", "plan:place", "system:join"
	ID   string          `cbor:"id,omitempty"`  // request id: the same id has one effect
	Sum  []byte          `cbor:"sum,omitempty"` // fingerprint of the request that the id belongs to
	Body cbor.RawMessage `cbor:"body"`
}

// Result is the answer to an entry: the index at which it was applied and the
// id of the object it was about.
type Result struct {
	Index uint64 `cbor:"index"`
	ID    string `cbor:"id"`
}

// kind describes one command.
type kind struct {
	name  string
	since int    // the version it came in
	right Right  // what a user needs; "" when users may not
	by    string // who else may: any of "node plan system"
	make  func() Command
}

// kinds is the closed list of commands. Names and meaning never change; what a
// command should do otherwise becomes a new command.
var kinds = []kind{
	{"cluster.init", 1, "", "system", func() Command { return new(InitCluster) }},
	{"setting.put", 1, ClusterWrite, "system", func() Command { return new(PutSetting) }},
	{"setting.change", 1, ClusterWrite, "", func() Command { return new(ChangeSettings) }},
	{"approval.create", 1, Self, "", func() Command { return new(CreateApproval) }},
	{"approval.grant", 1, Self, "", func() Command { return new(GrantApproval) }},
	{"approval.deny", 1, Self, "", func() Command { return new(DenyApproval) }},
	{"cluster.transfer", 1, ClusterWrite, "", func() Command { return new(TransferLeadership) }},
	{"cluster.remove", 1, ClusterWrite, "", func() Command { return new(RemoveMember) }},
	{"cluster.restore", 1, "", "system", func() Command { return new(RestoreSnapshot) }},

	{"node.join", 1, "", "system", func() Command { return new(JoinNode) }},
	{"node.update", 1, NodesWrite, "system", func() Command { return new(UpdateNode) }},
	{"node.mark", 1, "", "plan", func() Command { return new(MarkNode) }},
	{"node.report", 1, "", "node system", func() Command { return new(ReportNode) }},
	{"node.drain", 1, "", "plan", func() Command { return new(DrainNode) }},
	{"node.leave", 1, "", "node system", func() Command { return new(LeaveNode) }},
	{"node.remove", 1, NodesWrite, "", func() Command { return new(RemoveNode) }},
	{"server.add", 1, NodesWrite, "", func() Command { return new(AddServer) }},
	{"server.update", 1, NodesWrite, "", func() Command { return new(UpdateServer) }},
	{"server.carry", 1, "", "plan", func() Command { return new(CarryServer) }},
	{"server.observe", 1, "", "node", func() Command { return new(ObserveServer) }},
	{"server.objects", 1, "", "node", func() Command { return new(ObserveObjects) }},
	{"server.settle", 1, "", "plan", func() Command { return new(SettleServer) }},
	{"server.drift", 1, "", "plan", func() Command { return new(NoteDrift) }},
	{"server.adopt", 1, "", "plan", func() Command { return new(AdoptDrift) }},
	{"server.sync", 1, "", "plan", func() Command { return new(CreateSync) }},
	{"server.call", 1, NodesWrite, "", func() Command { return new(CallServer) }},
	{"server.launch", 1, BackupsRun, "", func() Command { return new(CreateLaunch) }},
	{"server.retry", 1, UsersWrite, "", func() Command { return new(RetrySync) }},
	{"password.expire", 1, "", "plan", func() Command { return new(ExpirePassword) }},
	{"certificate.issue", 1, "", "node system", func() Command { return new(IssueCertificate) }},
	{"certificate.install", 1, CertificatesWrite, "plan", func() Command { return new(InstallPair) }},
	{"certificate.revoke", 1, CertificatesWrite, "", func() Command { return new(RevokeCertificate) }},

	{"user.create", 1, UsersWrite, "system", func() Command { return new(CreateUser) }},
	{"user.update", 1, UsersWrite, "system", func() Command { return new(UpdateUser) }},
	{"user.remove", 1, UsersWrite, "", func() Command { return new(RemoveUser) }},
	{"user.password", 1, Self, "", func() Command { return new(ChangePassword) }},
	{"group.create", 1, GroupsWrite, "", func() Command { return new(CreateGroup) }},
	{"group.update", 1, GroupsWrite, "", func() Command { return new(UpdateGroup) }},
	{"group.remove", 1, GroupsWrite, "", func() Command { return new(RemoveGroup) }},
	{"acl.put", 1, GroupsWrite, "", func() Command { return new(PutACL) }},
	{"acl.remove", 1, GroupsWrite, "", func() Command { return new(RemoveACL) }},
	{"token.create", 1, TokensWrite, "system", func() Command { return new(CreateToken) }},
	{"token.revoke", 1, TokensWrite, "system", func() Command { return new(RevokeToken) }},
	{"session.create", 1, "", "system", func() Command { return new(CreateSession) }},
	{"session.see", 1, "", "system", func() Command { return new(SeeSession) }},
	{"session.end", 1, Self, "system", func() Command { return new(EndSession) }},
	{"login.refuse", 1, "", "system", func() Command { return new(RefuseLogins) }},

	{"client.create", 1, DataWrite, "system", func() Command { return new(CreateClient) }},
	{"client.update", 1, DataWrite, "", func() Command { return new(UpdateClient) }},
	{"client.remove", 1, DataWrite, "", func() Command { return new(RemoveClient) }},
	{"repository.update", 1, DataWrite, "", func() Command { return new(UpdateRepository) }},
	{"repository.promote", 1, "", "plan", func() Command { return new(PromoteCopy) }},
	{"assignment.put", 1, "", "plan", func() Command { return new(PutAssignment) }},
	{"task.create", 1, DataWrite, "system", func() Command { return new(CreateTask) }},
	{"task.update", 1, DataWrite, "", func() Command { return new(UpdateTask) }},
	{"task.remove", 1, DataWrite, "", func() Command { return new(RemoveTask) }},
	{"schedule.create", 1, DataWrite, "system", func() Command { return new(CreateSchedule) }},
	{"schedule.update", 1, DataWrite, "", func() Command { return new(UpdateSchedule) }},
	{"schedule.remove", 1, DataWrite, "", func() Command { return new(RemoveSchedule) }},

	{"backup.create", 1, BackupsRun, "plan", func() Command { return new(CreateBackup) }},
	{"backup.assign", 1, "", "plan", func() Command { return new(AssignBackup) }},
	{"backup.start", 1, "", "node", func() Command { return new(StartBackup) }},
	{"backup.finish", 1, "", "node", func() Command { return new(FinishBackup) }},
	{"backup.interrupt", 1, "", "node plan", func() Command { return new(InterruptBackup) }},
	{"backup.stop", 1, "", "plan", func() Command { return new(StopBackup) }},
	{"backup.cancel", 1, BackupsRun, "", func() Command { return new(CancelBackup) }},
	{"backup.protect", 1, DataWrite, "", func() Command { return new(ProtectBackup) }},
	{"backup.delete", 1, BackupsDelete, "plan", func() Command { return new(DeleteBackup) }},
	{"job.create", 1, Self, "plan", func() Command { return new(CreateJob) }},
	{"job.assign", 1, "", "plan", func() Command { return new(AssignJob) }},
	{"job.start", 1, "", "node", func() Command { return new(StartJob) }},
	{"job.finish", 1, "", "node", func() Command { return new(FinishJob) }},
	{"job.interrupt", 1, "", "node plan", func() Command { return new(InterruptJob) }},
	{"job.cancel", 1, Self, "", func() Command { return new(CancelJob) }},
}

// The kinds by name and by the type of their command.
var (
	kindNamed = indexKinds(func(k kind) string { return k.name })
	kindOf    = indexKinds(func(k kind) reflect.Type { return reflect.TypeOf(k.make()) })
)

func indexKinds[K comparable](key func(kind) K) map[K]kind {
	m := make(map[K]kind, len(kinds))
	for _, k := range kinds {
		m[key(k)] = k
	}
	return m
}

// quiet commands leave no row in the audit trail when they are done: what is told
// often, of how a node is and of who is still there.
func (k kind) quiet() bool {
	return slices.Contains([]string{"node.report", "session.see", "server.objects"}, k.name)
}

// KindOf names the kind of a command, as it stands in the log and in metrics.
func KindOf(cmd Command) string { return kindOf[reflect.TypeOf(cmd)].name }

// Since tells in which version the kind of command came in; 0 for a kind that
// this version does not know.
func Since(kindName string) int { return kindNamed[kindName].since }

type requestKey struct{}

type request struct {
	id  string
	sum []byte
}

// WithRequest marks the commands applied under the returned context as the work
// of one request: id chosen by the one who asks, sum a fingerprint of all that
// the request says, secrets left out. One request carries one command.
func WithRequest(ctx context.Context, id string, sum []byte) context.Context {
	return context.WithValue(ctx, requestKey{}, request{id, sum})
}

// NewEntry makes the entry of a command, with the request that ctx carries. The
// time is set by the leader.
func NewEntry(ctx context.Context, by string, cmd Command) (Entry, error) {
	k, ok := kindOf[reflect.TypeOf(cmd)]
	if !ok {
		return Entry{}, Errorf(Internal, "%T is not a command of this version", cmd)
	}
	body, err := wire.enc.Marshal(cmd)
	if err != nil {
		return Entry{}, Errorf(Invalid, "%s: %v", k.name, err)
	}
	e := Entry{Kind: k.name, By: by, Body: body}
	if r, ok := ctx.Value(requestKey{}).(request); ok {
		e.ID, e.Sum = r.id, r.sum
		if e.Sum == nil {
			sum := sha256.Sum256(append([]byte(k.name), body...))
			e.Sum = sum[:16]
		}
	}
	return e, nil
}

// Command reads the command of an entry.
func (e Entry) Command() (Command, error) {
	k, ok := kindNamed[e.Kind]
	if !ok {
		return nil, fmt.Errorf("entry of unknown kind %q: this member is older than the one that wrote it", e.Kind)
	}
	cmd := k.make()
	if err := wire.strict.Unmarshal(e.Body, cmd); err != nil {
		return nil, fmt.Errorf("entry %s cannot be read: %w", e.Kind, err)
	}
	return cmd, nil
}

// EncodeBatch gives the form in which entries that were proposed together stand
// in one record of the log.
func EncodeBatch(entries []Entry) ([]byte, error) { return wire.enc.Marshal(entries) }

// DecodeBatch reads what [EncodeBatch] wrote.
func DecodeBatch(data []byte) ([]Entry, error) {
	var entries []Entry
	if err := wire.strict.Unmarshal(data, &entries); err != nil {
		return nil, fmt.Errorf("log record cannot be read: %w", err)
	}
	return entries, nil
}

// splitBy takes "user:ada" apart.
func splitBy(by string) (class, name string) {
	class, name, _ = strings.Cut(by, ":")
	return class, name
}
