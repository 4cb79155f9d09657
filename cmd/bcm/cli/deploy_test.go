package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const deployed = "../../../deploy"

// tool finds a program of the system, or skips the test and says so.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("SKIPPED: %s was not found; install it to have deploy/ checked", name)
	}
	return path
}

func check(t *testing.T, program string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}

// copied writes a file of deploy/ into dir with some texts replaced.
func copied(t *testing.T, dir, name string, replace ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(deployed, name))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, filepath.Base(name))
	text := strings.NewReplacer(replace...).Replace(string(data))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPrometheusFiles lets promtool read the configuration, with the files that
// it names, and the alerts, and runs the tests of the alerts.
func TestPrometheusFiles(t *testing.T) {
	promtool := tool(t, "promtool")
	dir := t.TempDir()
	for _, name := range []string{"bcm-token", "bcm-ca.pem"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	copied(t, dir, "prometheus/alerts.yml")
	check(t, promtool, "check", "config", copied(t, dir, "prometheus/prometheus.yml", "/etc/prometheus", dir))
	check(t, promtool, "test", "rules", copied(t, dir, "prometheus/alerts_test.yml"))
}

// TestUnits lets systemd read the units. The program in them need not be
// installed for that.
func TestUnits(t *testing.T) {
	analyze := tool(t, "systemd-analyze")
	for _, name := range []string{"bcm-manager.service", "bcm-agent.service"} {
		t.Run(name, func(t *testing.T) {
			check(t, analyze, "verify", "--man=no", copied(t, t.TempDir(), "systemd/"+name, "/usr/bin/bcm", "/bin/true"))
		})
	}
}
