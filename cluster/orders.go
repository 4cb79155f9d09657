package cluster

import (
	"context"
	"fmt"
	"slices"
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
// Asking is a sign of life. Passwords and keys are opened only in what is returned.
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

// unseal opens the passwords and keys of orders that are about to leave.
func (n *Node) unseal(o fsm.Orders) error {
	for i := range o.Items {
		if r := o.Items[i].Repository; r != nil {
			if err := n.open1("repository/"+r.Namespace, &r.Sealed, &r.Password); err != nil {
				return err
			}
		}
		for j := range o.Items[i].Servers {
			s := &o.Items[i].Servers[j]
			if err := n.open1("server/"+s.ID, &s.Sealed, &s.Password); err != nil {
				return err
			}
		}
		if p := o.Items[i].Pair; p != nil {
			if err := n.open1("pair/"+p.ID, &p.Sealed, &p.Key); err != nil {
				return err
			}
		}
		steps := slices.Clone(o.Items[i].Steps) // which are those of the state
		for j := range steps {
			if err := n.open1("secret/"+steps[j].User, &steps[j].Sealed, &steps[j].Secret); err != nil {
				return err
			}
		}
		o.Items[i].Steps = steps
	}
	return nil
}

// open1 opens one secret that was sealed for a place, if there is one.
func (n *Node) open1(place string, sealed *[]byte, open *string) error {
	if len(*sealed) == 0 {
		return nil
	}
	plain, err := pki.Open(n.cfg.Key, place, *sealed)
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	*open, *sealed = string(plain), nil
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
