package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const pairRow = `{"id":"p1","created_at":"2026-03-01T06:00:00Z","updated_at":"2026-03-01T06:00:00Z","index":12,"kind":"https","status":"installing",
	"node":"sesam-1","roles":[],"not_before":"2026-03-01T06:00:00Z","not_after":"2026-03-31T12:00:00Z","revoked_at":null,"current":false,"pem":"",
	"fingerprint":"ab"}`

// A verb that gives a server a certificate waits until the server serves it.
func TestCertificatesAreWaitedFor(t *testing.T) {
	served := strings.Replace(pairRow, "installing", "active", 1)
	failed := strings.Replace(strings.Replace(pairRow, "installing", "failed", 1), `"fingerprint"`, `"error":"it shows another one","fingerprint"`, 1)
	w := newWorld(t).on("POST /v1/certificates", 201, pairRow).on("GET /v1/certificates/p1", 200, pairRow).on("GET /v1/certificates/p1", 200, served)
	if got := w.run("cert", "issue", "sesam-1"); got.code != 0 || got.out != "sesam-1 serves certificate p1, which is good until 2026-03-31T12:00:00Z (in 30d)\n" {
		t.Errorf("%+v", got)
	}
	w = newWorld(t).on("POST /v1/certificates/p0/rotate", 201, pairRow).on("GET /v1/certificates/p1", 200, failed)
	if got := w.run("cert", "rotate", "p0"); got.code != exitUnwished || !strings.Contains(got.err, "it shows another one") {
		t.Errorf("%+v", got)
	}
}

func TestCertificatesAreBrought(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert, huge := file("crt", "C"), file("huge", strings.Repeat("x", maxPEM+1))
	w := newWorld(t).on("POST /v1/certificates", 201, pairRow)
	w.stdin = "K"
	if got := w.run("cert", "import", "sesam-1", "--cert", cert, "--key", "-", "--wait=false"); got.code != 0 ||
		w.lastAsked() != `POST /v1/certificates {"certificate":"C","key":"K","node":"sesam-1"}` {
		t.Errorf("%+v, asked %s", got, w.lastAsked())
	}
	for _, bad := range []string{"cert import", "cert import sesam-1", "cert import sesam-1 --cert " + cert, "cert issue", "cert rotate a b",
		"cert import sesam-1 --key x --cert " + filepath.Join(dir, "none"), "cert import sesam-1 --key " + huge + " --cert " + cert} {
		w := newWorld(t)
		if got := w.run(strings.Fields(bad)...); got.code != exitUsage || got.err == "" || len(w.asked) > 0 {
			t.Errorf("%s: %+v, asked %q", bad, got, w.asked)
		}
	}
}
