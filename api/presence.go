package api

import (
	"context"
	"sync"

	"bcm/fsm"
)

// presence knows which sessions are in use here. The state hears of it every few
// minutes; what it has not heard yet, as without a leader, ends no session at the
// manager that is used.
type presence struct {
	mu   sync.Mutex
	used map[string]used // by id of the session
}

type used struct {
	at   fsm.Time // last
	told fsm.Time // when the state was last to hear of it
}

func newPresence() *presence { return &presence{used: make(map[string]used)} }

// last is when the session was last used, as far as is known here.
func (p *presence) last(t *fsm.Token) fsm.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(t.LastUse(), p.used[t.ID].at)
}

// use notes that a session is in use now, and answers whether it is time for the
// state to hear of it.
func (p *presence) use(t *fsm.Token, now fsm.Time) (news bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u, known := p.used[t.ID]
	news = now.Sub(max(t.LastUse(), u.told)) >= fsm.SeeEvery
	u.at = now
	if news {
		u.told = now
	}
	p.used[t.ID] = u
	if !known && len(p.used)%256 == 0 {
		for id, u := range p.used {
			if now.Sub(u.at) >= fsm.SessionIdle {
				delete(p.used, id)
			}
		}
	}
	return news
}

// bearer finds the token with that hash which speaks for a user, and the user. It
// refuses a session that nobody has used for long.
func (a *API) bearer(v *fsm.View, hash []byte) (*fsm.Token, *fsm.User, error) {
	now := fsm.At(a.Now())
	t, u, err := v.Bearer(hash, now)
	if err != nil {
		return nil, nil, err
	}
	if t.Kind == fsm.Session && now.Sub(a.presence.last(t)) >= fsm.SessionIdle {
		return nil, nil, fsm.Errorf(fsm.Unauthorized, "the session was not used for %.0f minutes and has ended; log in again",
			fsm.SessionIdle.Minutes())
	}
	return t, u, nil
}

// present notes that the session is in use. Nobody waits until the state has
// heard of it.
func (a *API) present(t *fsm.Token) {
	if t.Kind != fsm.Session || !a.presence.use(t, fsm.At(a.Now())) {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		if _, err := a.Cluster.Apply(ctx, "system:session", &fsm.SeeSession{ID: t.ID}); err != nil {
			a.log.Debug("the use of a session was not recorded", "error", err)
		}
	}()
}
