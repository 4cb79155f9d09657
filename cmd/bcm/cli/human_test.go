package cli

import (
	"testing"
	"time"
)

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.00 KiB", 1536: "1.50 KiB", 10240: "10.0 KiB", 102400: "100 KiB",
		1023 * 1024: "1.00 MiB", 5 << 30: "5.00 GiB", -2048: "-2.00 KiB", 1<<63 - 1: "8.00 EiB",
	} {
		if got := size(n); got != want {
			t.Errorf("%d: %q, wanted %q", n, got, want)
		}
	}
}

func TestBytesOf(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "17": 17, "1k": 1024, "1KB": 1000, "1.5KiB": 1536, "2 GiB": 2 << 30, "500MB": 500_000_000, "3b": 3,
	} {
		if got, err := bytesOf("quota", text); err != nil || got != want {
			t.Errorf("%q: %d %v, wanted %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "-1", "1XB", "NaN", "1e30TB", "KB"} {
		if got, err := bytesOf("quota", text); err == nil {
			t.Errorf("%q: %d, wanted an error", text, got)
		}
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "now", 500 * time.Millisecond: "now", time.Second: "1s ago", 59 * time.Second: "59s ago", time.Minute: "1m ago",
		47 * time.Hour: "47h ago", 48 * time.Hour: "2d ago", 800 * 24 * time.Hour: "2y ago", -90 * time.Second: "in 1m",
	} {
		if got := ago(clock.Add(-d), clock); got != want {
			t.Errorf("%v: %q, wanted %q", d, got, want)
		}
	}
	if got := ago(time.Time{}, clock); got != "never" {
		t.Errorf("zero: %q", got)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := count(n); got != want {
			t.Errorf("%d: %q, wanted %q", n, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"plain ä": "plain ä", "a\x1b[31mb": "a\ufffd[31mb", "bell\a": "bell\ufffd", "rtl\u202e": "rtl\ufffd", "two\nlines": "two\nlines",
	} {
		if got := clean(text); got != want {
			t.Errorf("%q: %q, wanted %q", text, got, want)
		}
	}
	if got := line("two\n  lines\t"); got != "two lines" {
		t.Errorf("%q", got)
	}
}
