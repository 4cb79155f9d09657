package fsm

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// tables is the whole state. Its list, in which the order never changes, is the
// only place that names all of it.
type tables struct {
	Settings     Table[Setting]
	Nodes        Table[Node]
	Groups       Table[Group]
	Users        Table[User]
	Tokens       Table[Token]
	Certificates Table[Certificate]
	Repositories Table[Repository]
	Clients      Table[Client]
	Schedules    Table[Schedule]
	Tasks        Table[Task]
	Assignments  Table[Assignment]
	Backups      Table[Backup]
	Jobs         Table[Job]
	Holdings     Table[Holding]
	Warnings     Table[Warnings]
	ACLs         Table[ACL]
	Approvals    Table[Approval]
	Servers      Table[Server]
	Mirrors      Table[Mirror]
	Passwords    Table[Password]
	Events       Table[Event]
	requests     Table[answered]
}

// anyTable is a table of any noun, for the loops over all of them.
type anyTable interface {
	Name() string
	Len() int
	total() Sum
	each(func(row any) error) error
	fill(rows int, next func() ([]byte, error)) error
}

func (t *tables) list() []anyTable {
	return []anyTable{
		&t.Settings, &t.Nodes, &t.Groups, &t.Users, &t.Tokens, &t.Certificates, &t.Repositories,
		&t.Clients, &t.Schedules, &t.Tasks, &t.Assignments, &t.Backups, &t.Jobs, &t.Holdings, &t.Warnings, &t.ACLs,
		&t.Approvals, &t.Servers, &t.Mirrors, &t.Passwords, &t.Events, &t.requests,
	}
}

func newTables() *tables {
	return &tables{
		Settings:     newTable(settings),
		Nodes:        newTable(nodes),
		Groups:       newTable(groups),
		Users:        newTable(users),
		Tokens:       newTable(tokens),
		Certificates: newTable(certificates),
		Repositories: newTable(repositories),
		Clients:      newTable(clients),
		Schedules:    newTable(schedules),
		Tasks:        newTable(tasks),
		Assignments:  newTable(assignments),
		Backups:      newTable(backups),
		Jobs:         newTable(jobs),
		Holdings:     newTable(holdings),
		Warnings:     newTable(warnings),
		ACLs:         newTable(acls),
		Approvals:    newTable(approvals),
		Servers:      newTable(servers),
		Mirrors:      newTable(mirrors),
		Passwords:    newTable(passwords),
		Events:       newTable(events),
		requests:     newTable(requests),
	}
}

// cut gives the state as it is now. Tables without a change since prev are
// shared with it.
func (t *tables) cut(prev *tables) *tables {
	return &tables{
		Settings:     cutOr(&t.Settings, &prev.Settings),
		Nodes:        cutOr(&t.Nodes, &prev.Nodes),
		Groups:       cutOr(&t.Groups, &prev.Groups),
		Users:        cutOr(&t.Users, &prev.Users),
		Tokens:       cutOr(&t.Tokens, &prev.Tokens),
		Certificates: cutOr(&t.Certificates, &prev.Certificates),
		Repositories: cutOr(&t.Repositories, &prev.Repositories),
		Clients:      cutOr(&t.Clients, &prev.Clients),
		Schedules:    cutOr(&t.Schedules, &prev.Schedules),
		Tasks:        cutOr(&t.Tasks, &prev.Tasks),
		Assignments:  cutOr(&t.Assignments, &prev.Assignments),
		Backups:      cutOr(&t.Backups, &prev.Backups),
		Jobs:         cutOr(&t.Jobs, &prev.Jobs),
		Holdings:     cutOr(&t.Holdings, &prev.Holdings),
		Warnings:     cutOr(&t.Warnings, &prev.Warnings),
		ACLs:         cutOr(&t.ACLs, &prev.ACLs),
		Approvals:    cutOr(&t.Approvals, &prev.Approvals),
		Servers:      cutOr(&t.Servers, &prev.Servers),
		Mirrors:      cutOr(&t.Mirrors, &prev.Mirrors),
		Passwords:    cutOr(&t.Passwords, &prev.Passwords),
		Events:       cutOr(&t.Events, &prev.Events),
		requests:     cutOr(&t.requests, &prev.requests),
	}
}

func cutOr[T any](t, prev *Table[T]) Table[T] {
	if !t.dirty {
		return *prev
	}
	return t.cut()
}

// View is the state at one index. It never changes and may be kept as long as
// one likes, though it holds on to the memory of that time.
type View struct {
	Index uint64 // the last entry it contains
	Term  uint64 // raft's term of that entry, 0 when it came in a snapshot
	At    Time   // the time of that entry
	*tables
	next chan struct{}
}

// Stale is closed once a newer state exists.
func (v *View) Stale() <-chan struct{} { return v.next }

// Digest identifies the state: equal on all replicas at one index, and different
// for different states.
func (v *View) Digest() string {
	var b []byte
	for _, t := range v.list() {
		s := t.total()
		for _, n := range s {
			b = binary.BigEndian.AppendUint64(b, n)
		}
	}
	return hex.EncodeToString(digest(b))
}

func (t *Table[T]) total() Sum { return t.sum }

func (t *Table[T]) each(do func(row any) error) error {
	for row := range t.All() {
		if err := do(row); err != nil {
			return err
		}
	}
	return nil
}

// fill reads the rows of an empty table, which come in the order of their ids.
func (t *Table[T]) fill(n int, next func() ([]byte, error)) error {
	if t.Len() > 0 {
		return fmt.Errorf("snapshot is damaged: table %q stands in it twice", t.Name())
	}
	rows, shared, last := make([]*T, 0, min(n, 1<<16)), newPool(), ""
	for range n {
		data, err := next()
		if err != nil {
			return err
		}
		row := new(T)
		if err := wire.strict.Unmarshal(data, row); err != nil {
			return fmt.Errorf("snapshot is damaged: a row of %s cannot be read: %w", t.Name(), err)
		}
		id := t.def.meta(row).ID
		if id <= last {
			return fmt.Errorf("snapshot is damaged: row %q of %s is out of order", id, t.Name())
		}
		last = id
		if t.def.share != nil {
			t.def.share(row, shared)
		}
		rows = append(rows, row)
	}
	t.load(rows)
	return nil
}
