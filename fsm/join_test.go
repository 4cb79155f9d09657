package fsm

import (
	"context"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// A node whose certificate has ended is let in again with a new token when it
// shows its old key, and stays what it was. Another key is another node.
func TestANodeJoinsAgain(t *testing.T) {
	f := New(hclog.NewNullLogger())
	var index uint64
	do := func(by string, cmd Command) error {
		t.Helper()
		e, err := NewEntry(context.Background(), by, cmd)
		if err != nil {
			t.Fatal(err)
		}
		index++
		e.At = At(time.Unix(1_000_000+int64(index), 0))
		data, err := EncodeBatch([]Entry{e})
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Apply(&raft.Log{Index: index, Type: raft.LogCommand, Data: data}).(Outcomes).At(0)
		return err
	}
	join := func(token, key, certificate string, roles ...string) error {
		return do("system:join", &JoinNode{Token: token, Secret: []byte(token), Key: []byte(key),
			Node:        NewNode{ID: "n1", Name: "backup-1", Roles: roles, Slots: 7, Addresses: Addresses{Storage: certificate}},
			Certificate: Certificate{Meta: Meta{ID: certificate}, Key: []byte(key), NotAfter: 5}})
	}
	for _, id := range []string{"t1", "t2"} {
		err := do("system:test", &CreateToken{ID: id, Kind: JoinToken, Hash: []byte(id), Roles: []string{RoleBackupManager, RoleStorage},
			Uses: 2, TTL: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := join("t1", "key", "c1", RoleBackupManager); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		string(Conflict): join("t2", "other", "c2", RoleBackupManager),
		string(Denied):   join("t2", "key", "c2", RoleStorage),
	} {
		if string(CodeOf(err)) != name {
			t.Errorf("want %s, got %v", name, err)
		}
	}
	if err := join("t2", "key", "c3", RoleBackupManager); err != nil {
		t.Fatal(err)
	}
	v := f.Now()
	n, ok := v.Nodes.Get("n1")
	if !ok || n.Certificate != "c3" || n.Slots != 7 || n.Addresses.Storage != "c3" || v.Nodes.Len() != 1 {
		t.Errorf("%+v", n)
	}
	if c, ok := v.Certificates.Get("c3"); !ok || c.Node != "n1" {
		t.Errorf("certificate %+v", c)
	}
	if token, ok := v.Tokens.Get("t2"); !ok || token.Used != 1 {
		t.Errorf("token %+v", token)
	}
}
