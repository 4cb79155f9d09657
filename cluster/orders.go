package cluster

import (
	"context"
	"fmt"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

const (
	longPoll   = 3 * time.Second
	ordersPace = 25 * time.Millisecond // a busy log makes a waiting node's orders be worked out no more often
)

// Orders answers a node's question what it should be doing: as soon as that
// differs from the answer of version after, and after three seconds in any case.
// Asking is a sign of life. Passwords are opened only in what is returned.
func (n *Node) Orders(ctx context.Context, node string, after uint64) (fsm.Orders, error) {
	n.Seen(node)
	defer n.Seen(node)
	end := time.Now().Add(longPoll)
	var last *fsm.View
	var o fsm.Orders
	for {
		v := n.state.Now()
		if last != nil && v.SameOrders(last, node) {
			o.Index = v.Index
		} else {
			o = v.Orders(node)
		}
		last = v
		if o.Version != after || !time.Now().Before(end) || n.closed() {
			return o, n.unseal(o)
		}
		pause(ctx, v.Stale(), end)
		pause(ctx, n.done, earlier(end, time.Now().Add(ordersPace)))
		if err := ctx.Err(); err != nil {
			return fsm.Orders{}, fsm.Errorf(fsm.Unavailable, "waiting for orders: %v", err)
		}
	}
}

// unseal opens the passwords of orders that are about to leave.
func (n *Node) unseal(o fsm.Orders) error {
	for i := range o.Items {
		r := o.Items[i].Repository
		if r == nil || len(r.Sealed) == 0 {
			continue
		}
		password, err := pki.Open(n.cfg.Key, "repository/"+r.Namespace, r.Sealed)
		if err != nil {
			return fmt.Errorf("password of repository %s: %w", r.Namespace, err)
		}
		r.Password, r.Sealed = string(password), nil
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
