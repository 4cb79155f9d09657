package ui

import "testing"

// Whatever a client sends, it gets a form that there is, and never one that it
// forbids while it allows another.
func FuzzChoose(f *testing.F) {
	for _, seed := range []string{"", "br, gzip;q=0.5", "*;q=0", "br;q=0,*", "identity;q=0", ";;q=,,", "gzip;q=1e300", "br;q=-0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got := choose(header, []string{"br", "gzip"})
		if got != "br" && got != "gzip" && got != identity {
			t.Fatalf("choose(%q) = %q", header, got)
		}
		if w := parseAccept(header); got != identity && w.of(got) <= 0 {
			t.Fatalf("choose(%q) = %q, which is forbidden", header, got)
		}
	})
}
