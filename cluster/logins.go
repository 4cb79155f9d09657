package cluster

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"bcm/fsm"
)

// Logins are counted by the leader, in memory, so that who spreads tries over the
// managers gets no more of them. While it cannot be asked, each manager counts
// for itself.

const (
	limitTimeout = 2 * time.Second // to ask the leader
	refusedEvery = time.Minute     // how often refused logins are told
)

// permit is the leader's answer to who wants to try a login.
type permit struct {
	Wait time.Duration `cbor:"wait"`
}

// loginEnd says how a login went.
type loginEnd struct {
	Login login `cbor:"login"`
	OK    bool  `cbor:"ok"`
}

// TryLogin tells how long to wait before somebody in that network may try to log
// in under that name; zero when they may now. It is to be asked before the
// password is looked at.
func (n *Node) TryLogin(ctx context.Context, account, from string) time.Duration {
	who := login{account, from}
	var p permit
	err := n.count(ctx, pathTry, who, &p, func() { p.Wait = n.limit.try(who, time.Now()) })
	if err != nil {
		return n.limit.try(who, time.Now())
	}
	return p.Wait
}

// TellLogin notes how a login went that was allowed to be tried.
func (n *Node) TellLogin(ctx context.Context, account, from string, ok bool) {
	end := loginEnd{login{account, from}, ok}
	here := func() { n.limit.tell(end.Login, ok, time.Now()) }
	if err := n.count(ctx, pathTold, end, &nothing{}, here); err != nil {
		here()
	}
}

// count does something at the leader, for a short time.
func (n *Node) count(ctx context.Context, path string, in, out any, here func()) error {
	ctx, cancel := context.WithTimeout(ctx, limitTimeout)
	defer cancel()
	err := n.atLeader(ctx, path, in, out, func(context.Context) error { here(); return nil })
	if err != nil {
		n.log.Debug("logins are counted here", "reason", err)
	}
	return err
}

func (n *Node) takeTry(_ context.Context, from peer, who login) (permit, error) {
	if err := n.countsFor(from); err != nil {
		return permit{}, err
	}
	return permit{n.limit.try(who, time.Now())}, nil
}

func (n *Node) takeTold(_ context.Context, from peer, end loginEnd) (nothing, error) {
	if err := n.countsFor(from); err != nil {
		return nothing{}, err
	}
	n.limit.tell(end.Login, end.OK, time.Now())
	return nothing{}, nil
}

func (n *Node) countsFor(from peer) error {
	if n.raft.State() != raft.Leader {
		return &moved{cause: raft.ErrNotLeader}
	}
	return from.admits(n)
}

// tellRefused writes into the audit trail which logins were refused, once a
// minute and when the node ends.
func (n *Node) tellRefused(ctx context.Context) {
	tick := time.NewTicker(refusedEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			n.recordRefused(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (n *Node) recordRefused(ctx context.Context) {
	all, more := n.limit.take()
	if len(all) == 0 {
		return
	}
	cmd := refusedLogins(n.state.Now(), all, more)
	if _, err := n.Apply(ctx, "system:login", cmd); err != nil {
		n.log.Warn("refused logins are missing in the audit trail", "rows", len(cmd.Tries), "error", err)
	}
}

// refusedLogins sums refused logins up, the most first. Names that no user has
// are left out.
func refusedLogins(v *fsm.View, all map[login]*refused, more int) *fsm.RefuseLogins {
	sums := make(map[login]refused)
	for who, r := range all {
		key := login{From: who.From}
		for u := range v.Users.By(fsm.NameIndex, who.Account) {
			key.Account = u.ID
		}
		s := sums[key]
		sums[key] = refused{s.wrong + r.wrong, s.limited + r.limited}
	}
	cmd := &fsm.RefuseLogins{More: more}
	for key, s := range sums {
		cmd.Tries = append(cmd.Tries, fsm.RefusedTries{User: key.Account, From: key.From, Wrong: s.wrong, Limited: s.limited})
	}
	slices.SortFunc(cmd.Tries, func(a, b fsm.RefusedTries) int {
		return cmp.Or(cmp.Compare(b.Wrong+b.Limited, a.Wrong+a.Limited), cmp.Compare(a.User, b.User), cmp.Compare(a.From, b.From))
	})
	return cmd
}
