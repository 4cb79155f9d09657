package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"bcm/fsm"
)

// maxSilence is how long a manager may have heard nothing of a leader and still
// be ready.
const maxSilence = 10 * time.Second

// livez answers as long as the process can.
func livez(c *call) error {
	c.gin.String(http.StatusOK, "ok\n")
	return nil
}

// check is one thing that a manager needs to be ready.
type check struct {
	name string
	ok   bool
	says string
}

// ready tells whether a manager can serve: it knows the cluster's identity, a
// leader, and what the leader has decided.
func (a *API) ready(v *fsm.View) []check {
	s := a.Cluster.Status()
	heard := s.LastContact >= 0 && s.LastContact <= maxSilence
	return []check{
		{"state", len(v.Setting(fsm.ClusterID)) > 0, fmt.Sprintf("index %d", v.Index)},
		{"leader", s.Leader != "", fmt.Sprintf("term %d", s.Term)},
		{"contact", s.IsLeader || heard, s.LastContact.Round(time.Millisecond).String()},
	}
}

// readyz answers 200 when the manager can serve, and 503 when not. With
// ?verbose it says why.
func readyz(c *call) error {
	verbose, err := c.yes("verbose")
	if err != nil {
		return err
	}
	status, text := http.StatusOK, "ok\n"
	var lines strings.Builder
	for _, check := range c.ready(c.view) {
		mark := "+"
		if !check.ok {
			mark, status, text = "-", http.StatusServiceUnavailable, "not ready; ?verbose says why\n"
		}
		fmt.Fprintf(&lines, "[%s]%s %s\n", mark, check.name, check.says)
	}
	if status != http.StatusOK {
		c.gin.Header("Retry-After", retryAfter)
	}
	if verbose {
		text = lines.String()
	}
	c.gin.String(status, "%s", text)
	return nil
}

// statusLeader gives the address of the leader, as a text in JSON.
func statusLeader(c *call) (string, error) {
	s := c.Cluster.Status()
	if s.Leader == "" {
		return "", fsm.Errorf(fsm.Unavailable, "there is no leader at the moment; ask again")
	}
	return s.LeaderAPI, nil
}

// statusPeers gives the addresses of all managers.
func statusPeers(c *call) ([]string, error) {
	peers := []string{}
	for _, m := range c.Cluster.Status().Members {
		peers = append(peers, m.Address)
	}
	return peers, nil
}
