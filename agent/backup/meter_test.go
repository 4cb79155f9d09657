package backup

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestMeterTellsAtAnEvenPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []Event
		m := NewMeter("upload", func(e Event) { events = append(events, e) })
		m.Total(100, 10_000)
		for range 50 { // two files of 200 bytes and many calls each 200 ms: ten files a second
			var all sync.WaitGroup
			for range 2 {
				all.Go(func() { m.Item("a"); m.Done(0, 100); m.Done(0, 100); m.Done(1, 0) })
			}
			all.Wait()
			time.Sleep(200 * time.Millisecond)
			if m.files.Load() == 50 {
				break
			}
		}
		m.Error()
		m.Stop()
		m.Done(1, 1)
		synctest.Wait()
		if len(events) != 10 && len(events) != 11 { // 5 s, two a second, and the end
			t.Fatalf("%d events", len(events))
		}
		last := events[len(events)-1]
		if last.Files != 50 || last.Bytes != 10_000 || last.TotalFiles != 100 || last.Errors != 1 || last.Item != "a" || last.Phase != "upload" {
			t.Errorf("the last event: %+v", last)
		}
		if mid := events[len(events)-2]; mid.Rate < 1000 || mid.Rate > 3000 || mid.ETA < 4*time.Second || mid.ETA > 8*time.Second {
			t.Errorf("ten files and 2000 bytes a second, half done: %d bytes a second, %v left", mid.Rate, mid.ETA)
		}
	})
}

func TestMeterWithoutListener(*testing.T) {
	m := NewMeter("upload", nil)
	m.Done(1, 1)
	m.Stop()
}

func TestMeterWhenTheEstimateFallsShort(t *testing.T) {
	m := &Meter{}
	m.Phase("x")
	m.Item("")
	m.Total(10, 100)
	m.Done(12, 300)
	if e := m.event(&pace{}); e.TotalFiles != 12 || e.TotalBytes != 300 || e.ETA != 0 {
		t.Errorf("%+v", e)
	}
}
