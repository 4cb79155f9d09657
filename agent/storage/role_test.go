package storage

import (
	"testing"
	"time"

	"bcm/agent/storage/blob"
	"bcm/fsm"
)

func TestRoleKeepsTheGrants(t *testing.T) {
	grants := &Grants{}
	role := New(RoleConfig{Grants: grants})
	judge := func(peer string, need Rights, fence uint64) verdict {
		v, _ := grants.judge(peer, "ns", need, blob.Fence{Index: fence}, time.Minute, time.Now())
		return v
	}
	if judge("n1", Read, 1) != unsure {
		t.Error("before the first order it knows something")
	}
	role.Keep(fsm.Order{Kind: fsm.StoreOrder}, 5)
	if judge("n1", Read, 5) != refusedRight || judge("n1", Read, 6) != unsure {
		t.Error("an order without grants lets somebody in, or knows the future")
	}
	o := fsm.Order{Kind: fsm.StoreOrder, Grants: []fsm.Grant{
		{Peer: "n1", Namespace: "ns", May: []fsm.Permission{fsm.MayRead, fsm.MayWrite}, Quota: 100},
		{Peer: "n2", Namespace: "ns", May: []fsm.Permission{fsm.MayRead, "fly"}, Quota: 100},
		{Peer: "n3", Namespace: "ns", May: []fsm.Permission{fsm.MayDelete}, Quota: 100},
	}}
	role.Keep(o, 7)
	for peer, may := range map[string]Rights{"n1": Read | Write, "n2": Read, "n3": Delete} {
		for _, right := range []Rights{Read, Write, Delete} {
			if got := judge(peer, right, 7); (got == allowed) != may.has(right) {
				t.Errorf("%s, %b: %v", peer, right, got)
			}
		}
	}
	if grants.quota("ns", Write) != 100 || grants.quota("other", Write) != 0 {
		t.Error("quotas")
	}
	role.Keep(o, 9) // nothing has changed: it is confirmed at 9
	if judge("n4", Read, 9) != refusedRight || judge("n4", Read, 10) != unsure || judge("n1", Read, 9) != allowed {
		t.Error("a confirmation")
	}
	o.Grants = o.Grants[1:]
	role.Keep(o, 10)
	if judge("n1", Read, 10) != refusedRight {
		t.Error("a revocation")
	}
	if _, err := role.Do(t.Context(), fsm.Order{Kind: fsm.BackupOrder}, nil); err == nil || role.Name() != fsm.RoleStorage {
		t.Error("it does a backup")
	}
}
