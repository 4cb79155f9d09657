package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A real Prometheus, configured as deploy/ says, scrapes every member, and every
// alert is about numbers that there are.
func testPrometheus(t *testing.T, g *testGrid, source string) {
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("SKIPPED: prometheus was not found; install it to see every member scraped")
	}
	p := startPrometheus(t, g, program)
	g.eventually("every member is scraped", func() error { return p.scrapes(g) })
	backup := g.backup(g.newTask(source))
	done := g.waitFor(backup, "succeeded") // for the numbers of backups that end, of drills and of scrubs
	server := g.file.Sesam[0].Name
	g.eventually("a server is seen", func() error {
		_, err := g.run("node", "mode", server, "managed")
		return err
	})
	for _, work := range [][]string{{"backup", "drill", done.ID}, {"repository", "scrub", done.Repository, "--wait"}} {
		if out, err := g.run(work...); err != nil {
			t.Fatalf("%v: %v\n%s", work, err, out)
		}
	}
	rules, err := os.ReadFile("../../deploy/prometheus/alerts.yml")
	check(t, err)
	names := regexp.MustCompile(`\bbcm_[a-z_]+`).FindAllString(string(rules), -1)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		g.eventually(name+" is there", func() error { return p.has(name) })
	}
	g.eventually("all alerts are evaluated", p.rules)
}

// scraper is a Prometheus, a process of our own.
type scraper struct{ base string }

func startPrometheus(t *testing.T, g *testGrid, program string) *scraper {
	t.Helper()
	dir := t.TempDir()
	if out, err := g.run("group", "show", "Auditors"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	check(t, os.WriteFile(filepath.Join(dir, "password"), []byte("only programs know it 7\n"), 0o600))
	if out, err := g.run("user", "create", "prometheus", "--group", "Auditors", "--password-file", filepath.Join(dir, "password")); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	token, err := g.run("token", "create", "--api", "--name", "prometheus", "--user", "prometheus", "-q")
	if err != nil {
		t.Fatalf("%v\n%s", err, token)
	}
	check(t, os.WriteFile(filepath.Join(dir, "bcm-token"), []byte(strings.TrimSpace(token)), 0o600))
	ca, err := os.ReadFile(g.file.CA)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, "bcm-ca.pem"), ca, 0o600))
	configure(t, g, dir)

	var log lockedBuffer
	cmd := exec.Command(program, "--config.file", filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path", filepath.Join(dir, "data"),
		"--web.listen-address", "127.0.0.1:0")
	cmd.Stdout, cmd.Stderr = &log, &log
	check(t, cmd.Start())
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("prometheus ended: %v\n%s", err, log.String())
		}
	})
	p := &scraper{}
	listening := regexp.MustCompile(`msg="Listening on" address=(127\.0\.0\.1:\d+)`)
	g.eventually("prometheus listens", func() error {
		found := listening.FindStringSubmatch(log.String())
		if found == nil {
			return errors.New("it has not said where")
		}
		p.base = "http://" + found[1]
		return nil
	})
	return p
}

// configure puts the files of deploy/ in place, for the members of this grid.
func configure(t *testing.T, g *testGrid, dir string) {
	t.Helper()
	rules, err := os.ReadFile("../../deploy/prometheus/alerts.yml")
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, "alerts.yml"), rules, 0o600))
	config, err := os.ReadFile("../../deploy/prometheus/prometheus.yml")
	check(t, err)
	text := strings.NewReplacer("/etc/prometheus", dir, "_interval: 15s", "_interval: 1s").Replace(string(config))
	example := regexp.MustCompile(`( +- [a-z0-9-]+\.example\.org:\d+\n)+`)
	jobs := [][]string{nil, nil}
	for _, m := range g.file.Managers {
		jobs[0] = append(jobs[0], strings.TrimPrefix(m.URL, "https://"))
	}
	for _, n := range g.file.Nodes {
		jobs[1] = append(jobs[1], strings.TrimSuffix(strings.TrimPrefix(n.Metrics, "http://"), "/metrics"))
	}
	text = example.ReplaceAllStringFunc(text, func(string) string {
		targets := jobs[0]
		jobs = jobs[1:]
		return "          - " + strings.Join(targets, "\n          - ") + "\n"
	})
	check(t, os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(text), 0o600))
}

func (p *scraper) get(path string, out any) error {
	resp, err := http.Get(p.base + path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(out)
}

// scrapes tells why not every member is scraped well.
func (p *scraper) scrapes(g *testGrid) error {
	var found struct {
		Data struct {
			ActiveTargets []struct{ ScrapeURL, Health, LastError string }
		}
	}
	if err := p.get("/api/v1/targets?state=active", &found); err != nil {
		return err
	}
	for _, target := range found.Data.ActiveTargets {
		if target.Health != "up" {
			return fmt.Errorf("%s is %s: %s", target.ScrapeURL, target.Health, target.LastError)
		}
	}
	if want := len(g.file.Managers) + len(g.file.Nodes); len(found.Data.ActiveTargets) != want {
		return fmt.Errorf("there are %d targets for %d members", len(found.Data.ActiveTargets), want)
	}
	return nil
}

// has tells why there is no number of that name.
func (p *scraper) has(name string) error {
	var found struct {
		Data struct{ Result []any }
	}
	if err := p.get("/api/v1/query?query="+url.QueryEscape("count("+name+")"), &found); err != nil {
		return err
	}
	if len(found.Data.Result) == 0 {
		return errors.New("nobody tells it")
	}
	return nil
}

// rules tells why not every alert was evaluated well.
func (p *scraper) rules() error {
	var found struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
	}
	if err := p.get("/api/v1/rules", &found); err != nil {
		return err
	}
	evaluated := 0
	for _, group := range found.Data.Groups {
		for _, r := range group.Rules {
			if r.Health != "ok" {
				return fmt.Errorf("alert %s is %s: %s", r.Name, r.Health, r.LastError)
			}
			evaluated++
		}
	}
	if evaluated == 0 {
		return errors.New("there are no alerts")
	}
	return nil
}
