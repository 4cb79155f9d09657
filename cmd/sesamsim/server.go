package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// server is one simulated server.
type server struct {
	opt    options
	log    hclog.Logger
	zone   *time.Location
	now    func() time.Time
	state  *state
	gate   *gate
	dice   *dice
	runner *runner
	pair   *pair
	router *router
	record *record

	fork      *fork
	http      [2]*http.Server // plain, secure
	serving   sync.WaitGroup
	closeOnce sync.Once
	closeErr  error
}

// newServer reads what there is, or makes a fresh server, and listens. now is
// the clock of everything but faults and connections.
func newServer(opt options, now func() time.Time, log hclog.Logger) (s *server, err error) {
	zone, err := time.LoadLocation(opt.zone)
	if err != nil {
		return nil, err
	}
	s = &server{opt: opt, log: log, zone: zone, now: now, gate: newGate(opt.sessionTTL),
		dice: newDice(opt.seed, opt.faults), record: newRecord()}
	s.runner = newRunner(opt.runs, s.dice, zone)
	s.state = newState(s.catalogue(), log)
	s.router = newRouter(s.routes())
	if err := s.fill(); err != nil {
		return nil, errors.Join(err, s.release())
	}
	s.pair = &pair{log: log, places: opt.places, name: opt.name}
	if err := s.pair.begin(); err != nil {
		return nil, errors.Join(err, s.release())
	}
	from, err := new(net.ListenConfig).Listen(context.Background(), "tcp", opt.listen)
	if err != nil {
		return nil, errors.Join(err, s.release())
	}
	s.fork = newFork(from, s.pair.config(), opt.httpsOnly)
	return s, nil
}

// fill loads the data file or seeds a fresh server.
func (s *server) fill() error {
	fresh := true
	if s.opt.iniDir != "" {
		ini, err := readIni(s.opt.iniDir + "/sm.ini")
		if err != nil {
			return err
		}
		s.opt.localAccess = s.opt.localAccess || strings.EqualFold(ini["UI"]["localFullAccess"], "true")
	}
	if s.opt.dataDir != "" {
		f, err := openFile(s.opt.dataDir)
		if err != nil {
			return err
		}
		s.state.file = f
		if fresh, err = f.load(s.state); err != nil {
			return err
		}
	}
	return s.state.change(s.now(), func(t *tx) error {
		if fresh {
			if err := s.seed(t); err != nil {
				return fmt.Errorf("seeding a fresh server: %w", err)
			}
			if s.opt.demo {
				if err := s.demonstrate(t); err != nil {
					return fmt.Errorf("making the demonstration content: %w", err)
				}
			}
		}
		s.roles(t)
		s.runner.restart(t)
		return nil
	})
}

// release gives back what newServer took before it failed.
func (s *server) release() error {
	if s.state.file == nil {
		return nil
	}
	return s.state.file.close()
}

// url is where the server is reached from this host.
func (s *server) url() string {
	addr := s.fork.from.Addr().(*net.TCPAddr)
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "https://" + net.JoinHostPort(host, fmt.Sprint(addr.Port))
}

// serve answers in the background until close.
func (s *server) serve() {
	quiet := s.log.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug})
	for i, from := range []<-chan net.Conn{s.fork.plain, s.fork.secure} {
		h := &http.Server{Handler: s, ErrorLog: quiet, ReadHeaderTimeout: time.Minute, IdleTimeout: 5 * time.Minute}
		s.http[i] = h
		s.serving.Go(func() {
			if err := h.Serve(forkListener{s.fork, from}); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
				s.log.Error("serving ended", "err", err)
			}
		})
	}
	s.serving.Go(func() {
		if err := s.fork.run(); !errors.Is(err, net.ErrClosed) {
			s.log.Error("accepting connections ended", "err", err)
		}
	})
}

// close lets requests end for a while, then ends them.
func (s *server) close() error {
	s.closeOnce.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		s.fork.close()
		for _, h := range s.http {
			if h == nil {
				continue
			}
			if err := h.Shutdown(ctx); err != nil {
				s.closeErr = errors.Join(s.closeErr, h.Close())
			}
		}
		s.serving.Wait()
		s.fork.wait.Wait()
		s.closeErr = errors.Join(s.closeErr, s.release())
	})
	return s.closeErr
}

// ServeHTTP answers a request, or lets something go wrong with it.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, controlPath) && s.opt.control {
		send(w, s.controlled(r))
		return
	}
	m := s.dice.draw(r.URL.Path)
	if m.wait > 0 {
		timer := time.NewTimer(m.wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			s.record.add(s.now(), r, "", 0, "gone")
			return
		}
	}
	var a reply
	var who string
	if m.after || !m.any() || m.wrong != "" {
		a, who = s.handle(r)
	}
	s.record.add(s.now(), r, who, a.status, m.name())
	switch {
	case m.disconnect:
		panic(http.ErrAbortHandler)
	case m.status == http.StatusServiceUnavailable:
		send(w, s.refused(unavailable("the connection to the server was lost"), r.URL.String()))
	case m.status != 0:
		e := asRefusal(serverError("something went wrong"))
		e.status = m.status
		send(w, s.refused(e, r.URL.String()))
	case m.wrong != "":
		m.spoil(w, r, a)
	default:
		send(w, a)
	}
}

// handle answers a request as it should be answered. who is the user's name.
func (s *server) handle(r *http.Request) (a reply, who string) {
	out, who, err := s.dispatch(r)
	if err != nil {
		return s.refused(err, r.URL.String()), who
	}
	return s.answer(out), who
}

func (s *server) dispatch(r *http.Request) (out any, who string, err error) {
	rt, params, err := s.router.find(r.Method, r.URL.EscapedPath())
	if err != nil {
		return nil, "", err
	}
	if err := s.runner.advance(s.state, s.now()); err != nil {
		return nil, "", err
	}
	c := &call{server: s, r: r, params: params}
	if p := r.Header.Get("X-Sesam-Dateformat"); len(p) <= 64 {
		c.dates = datePattern(p)
	}
	if rt.right != open {
		if c.who, err = s.identify(r); err != nil {
			return nil, "", err
		}
		if !c.who.rank.may(rt.right) {
			return nil, c.who.name, forbidden("the user " + c.who.name + " may not do this")
		}
	}
	if c.body, err = readBody(r); err != nil {
		return nil, c.who.name, err
	}
	out, err = rt.do(c)
	return out, c.who.name, err
}
