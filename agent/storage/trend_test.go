package storage

import (
	"testing"
	"time"
)

func TestTrendOfTheRoomThatIsLeft(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	series := func(hours int, free func(hour int) int64) (all []sample) {
		for h := range hours {
			all = append(all, sample{begin.Add(time.Duration(h) * time.Hour), free(h)})
		}
		return all
	}
	for _, c := range []struct {
		name    string
		samples []sample
		want    int64
	}{
		{"none", nil, 0},
		{"too short", series(20, func(h int) int64 { return int64(1000_000 - h*100) }), 0},
		{"even", series(72, func(h int) int64 { return int64(1000_000 - h*100) }), 2400},
		{"by night only", series(240, func(h int) int64 { return int64(1000_000 - h/24*2400) }), 2399},
		{"emptied", series(72, func(h int) int64 { return int64(h * 100) }), 0},
		{"all at once", []sample{{begin, 5}, {begin, 4}, {begin, 3}}, 0},
	} {
		if got := grows(c.samples); got < c.want-25 || got > c.want+25 {
			t.Errorf("%s: %d, not %d", c.name, got, c.want)
		}
	}
}

func TestSamplesOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	now := s.now()
	for day := range 9 {
		s.now = func() time.Time { return now.Add(time.Duration(day) * 24 * time.Hour) }
		for range 2 {
			if err := s.takeSample(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(s.samples) != 8 {
		t.Errorf("%d samples", len(s.samples))
	}
	for i := range s.samples { // as if they were of the past
		s.samples[i].At = s.samples[i].At.Add(-9 * 24 * time.Hour)
		s.samples[i].Free = int64(8-i) << 30
	}
	if err := s.writeSamples(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir, Options{})
	if u, err := s.Usage(); err != nil || u.Grows>>20 != 1024 {
		t.Errorf("it grows by %d MiB a day: %v", u.Grows>>20, err)
	}
}
