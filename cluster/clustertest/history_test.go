package clustertest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"bcm/fsm"
)

// history is what clients saw, for the judge. Moments are counted, not taken
// from the clock: in a bubble much happens at the same time.
type history struct {
	clock atomic.Int64
	mu    sync.Mutex
	ops   []porcupine.Operation
	acked int
}

type ask struct {
	key   string
	write bool
	value string
}

const forever = math.MaxInt64

func (h *history) add(client int, in ask, out string, call int64, unknown bool) {
	end := h.clock.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if unknown {
		end = forever
	} else if in.write {
		h.acked++
	}
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: call, Return: end})
}

func (h *history) acknowledged() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.acked
}

// registers is the model: names that hold the value written last.
func registers() porcupine.Model {
	return porcupine.Model{
		Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
			byKey := map[string][]porcupine.Operation{}
			for _, op := range all {
				key := op.Input.(ask).key
				byKey[key] = append(byKey[key], op)
			}
			var parts [][]porcupine.Operation
			for _, ops := range byKey {
				parts = append(parts, ops)
			}
			return parts
		},
		Init: func() any { return "" },
		Step: func(state, in, out any) (bool, any) {
			if a := in.(ask); a.write {
				return true, a.value
			}
			return out.(string) == state.(string), state
		},
	}
}

// client writes and reads until the context ends, each time at any member.
func (h *history) client(ctx context.Context, c *Cluster, id int, f fsm.Freshness) {
	random := rand.New(rand.NewPCG(7, uint64(id)))
	for i := 0; ctx.Err() == nil; i++ {
		m := c.Members[random.IntN(len(c.Members))]
		in := ask{key: fmt.Sprintf("key.%d", random.IntN(4)), write: random.IntN(2) == 0, value: fmt.Sprintf("%d/%d", id, i)}
		h.once(c, m, id, in, f)
		time.Sleep(time.Duration(2+random.IntN(20)) * time.Millisecond)
	}
}

func (h *history) once(c *Cluster, m *Member, id int, in ask, f fsm.Freshness) {
	c.life.RLock()
	node, up := m.Node, m.up
	c.life.RUnlock()
	if !up {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	call := h.clock.Add(1)
	if in.write {
		_, err := node.Apply(ctx, "system:test", &fsm.PutSetting{Name: in.key, Value: []byte(in.value)})
		if err == nil || fsm.CodeOf(err) == fsm.OutcomeUnknown {
			h.add(id, in, "", call, err != nil)
		}
		return
	}
	if v, err := node.View(ctx, f); err == nil {
		h.add(id, in, string(v.Setting(in.key)), call, false)
	}
}

// play lets clients work while faults are done to the cluster, one after another.
func play(t *testing.T, c *Cluster, f fsm.Freshness, faults []func(*Cluster)) *history {
	h := &history{}
	ctx, stop := context.WithCancel(context.Background())
	var clients sync.WaitGroup
	for id := range 6 {
		clients.Go(func() { h.client(ctx, c, id, f) })
	}
	time.Sleep(time.Second)
	if before := h.acknowledged(); before < 100 {
		t.Errorf("%d writes in the first second, before any fault: too few to show anything", before)
	}
	for _, fault := range faults {
		fault(c)
		time.Sleep(700 * time.Millisecond)
		c.Heal()
		for _, m := range c.Members {
			if !m.up {
				m.Start()
			}
		}
		time.Sleep(800 * time.Millisecond)
	}
	stop()
	clients.Wait()
	c.Settle()
	return h
}

func cutLeader(c *Cluster) {
	if m := c.Leader(); m != nil {
		c.Partition(m)
	}
}

func cutFollower(c *Cluster) { c.Partition(c.Follower()) }

func killLeader(c *Cluster) {
	if m := c.Leader(); m != nil {
		m.Kill()
	}
}

func killFollower(c *Cluster) { c.Follower().Kill() }

func killAll(c *Cluster) {
	for _, m := range c.Members {
		m.Kill()
	}
}

// deafLeader hears nobody, though it is heard.
func deafLeader(c *Cluster) {
	m := c.Leader()
	if m == nil {
		return
	}
	c.faults++
	for _, o := range c.Members {
		if o != m {
			c.Net.Cut(o.Host, m.Host)
		}
	}
}

func handOver(c *Cluster) {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	c.faults++
	_ = c.Any().TransferLeadership(ctx, "") // refused while there is no leader: then nothing is handed over
}

func allFaults() []func(*Cluster) {
	return []func(*Cluster){cutLeader, killLeader, handOver, cutFollower, deafLeader, killAll, killFollower, cutLeader, killLeader}
}

func judge(t *testing.T, h *history) porcupine.CheckResult {
	t.Helper()
	result := porcupine.CheckOperationsTimeout(registers(), h.ops, 30*time.Second)
	t.Logf("%d operations, %d writes acknowledged: %s", len(h.ops), h.acked, result)
	return result
}

func TestHistoryIsLinearizable(t *testing.T) {
	var h *history
	Run(t, 3, func(t *testing.T, c *Cluster) { h = play(t, c, fsm.Linearizable(), allFaults()) })
	if result := judge(t, h); result != porcupine.Ok {
		t.Errorf("the history is %s", result)
	}
}

// Local reads are not linearizable. A judge that does not see that sees nothing.
func TestLocalReadsAreCaught(t *testing.T) {
	var h *history
	Run(t, 3, func(t *testing.T, c *Cluster) { h = play(t, c, fsm.Local(), []func(*Cluster){cutFollower, cutLeader}) })
	if result := judge(t, h); result != porcupine.Illegal {
		t.Errorf("a history of local reads is %s", result)
	}
}

// Who forwards repeats what was not answered. Each write must have one effect.
func TestForwardedWritesHaveOneEffect(t *testing.T) {
	Run(t, 3, func(t *testing.T, c *Cluster) {
		ctx, stop := context.WithCancel(context.Background())
		var clients sync.WaitGroup
		var count, acked atomic.Int64
		for range 8 {
			clients.Go(func() {
				for ctx.Err() == nil {
					follower := c.Follower()
					name := fmt.Sprintf("once.%d", count.Add(1))
					if c.Put(context.Background(), follower, name, "x") == nil {
						acked.Add(1)
					}
					time.Sleep(20 * time.Millisecond)
				}
			})
		}
		for range 6 {
			time.Sleep(700 * time.Millisecond)
			c.Partition(c.Leader())
			time.Sleep(1500 * time.Millisecond)
			c.Heal()
		}
		stop()
		clients.Wait()
		c.Settle()
		v := c.Any().State.Now()
		effects := map[string]int{}
		for e := range v.Events.All() {
			effects[e.Object.ID]++
		}
		twice := 0
		for i := range count.Load() {
			if effects[fmt.Sprintf("once.%d", i+1)] > 1 {
				twice++
			}
		}
		t.Logf("%d writes, %d acknowledged, %d done twice", count.Load(), acked.Load(), twice)
		if twice > 0 || acked.Load() < 500 {
			t.Errorf("%d of %d writes were done twice", twice, acked.Load())
		}
	})
}
