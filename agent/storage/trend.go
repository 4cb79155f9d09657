package storage

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	// sampleEvery is how often the room that is left is written down.
	sampleEvery = time.Hour
	// trendOver is how far back the trend looks, and trendLeast how far back the
	// first sample must lie for there to be one.
	trendOver  = 7 * 24 * time.Hour
	trendLeast = 24 * time.Hour
)

// sample is how much room there was at a time.
type sample struct {
	At   time.Time `json:"at"`
	Free int64     `json:"free"` // bytes that blobs may still take
}

// Tend does what a store needs once an hour, until ctx ends: it notes how much room
// is left and removes what was deleted long ago.
func (s *Store) Tend(ctx context.Context) error {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		if n, err := s.Reap(); err != nil {
			s.log.Error("what was deleted long ago is still there", "error", err)
		} else if n > 0 {
			s.log.Info("removed what was deleted long ago", "blobs", n)
		}
		if err := s.takeSample(); err != nil {
			s.log.Error("the room that is left was not noted", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// takeSample writes down how much room is left now, unless that was done lately.
func (s *Store) takeSample() error {
	u, err := s.Usage()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if n := len(s.samples); n > 0 && now.Sub(s.samples[n-1].At) < sampleEvery/2 {
		return nil
	}
	for len(s.samples) > 0 && now.Sub(s.samples[0].At) > trendOver {
		s.samples = s.samples[1:]
	}
	s.samples = append(s.samples, sample{now, u.Free})
	return s.writeSamples()
}

func (s *Store) samplesPath() string { return filepath.Join(s.dir, "samples") }

// writeSamples puts the samples in place of those on disk.
func (s *Store) writeSamples() error {
	f, err := os.Create(s.samplesPath() + ".new")
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	enc := json.NewEncoder(f)
	for _, one := range s.samples {
		err = errors.Join(err, enc.Encode(one))
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return os.Rename(f.Name(), s.samplesPath())
}

// loadSamples reads the samples. What cannot be read is forgotten: they are taken anew.
func (s *Store) loadSamples() error {
	f, err := os.Open(s.samplesPath())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	defer func() { _ = f.Close() }() // it was read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var one sample
		if json.Unmarshal(lines.Bytes(), &one) == nil && !one.At.After(s.now()) {
			s.samples = append(s.samples, one)
		}
	}
	return nil
}

// grows is by how many bytes a day the room gets less: the slope of the line that
// lies nearest to the samples. 0 while there are too few, or it does not.
func grows(samples []sample) int64 {
	n := len(samples)
	if n < 3 || samples[n-1].At.Sub(samples[0].At) < trendLeast {
		return 0
	}
	days := func(one sample) float64 { return one.At.Sub(samples[0].At).Hours() / 24 }
	var meanX, meanY, above, below float64
	for _, one := range samples {
		meanX += days(one) / float64(n)
		meanY += float64(one.Free) / float64(n)
	}
	for _, one := range samples {
		x := days(one) - meanX
		above += x * (float64(one.Free) - meanY)
		below += x * x
	}
	return max(0, int64(-above/below))
}
