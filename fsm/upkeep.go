package fsm

import "time"

// Upkeep says how often what is stored is looked after. A duration of zero
// means never.
type Upkeep struct {
	PruneEvery    time.Duration `cbor:"prune_every"`    // room is given back
	VerifyEvery   time.Duration `cbor:"verify_every"`   // a repository is verified
	VerifyPercent int           `cbor:"verify_percent"` // of the data that this reads
	DrillEvery    time.Duration `cbor:"drill_every"`    // a sample of a task's newest backup is restored
	DrillFiles    int           `cbor:"drill_files"`    // in such a sample
	ScrubEvery    time.Duration `cbor:"scrub_every"`    // a storage reads again what it has
}

const (
	day            = 24 * time.Hour
	mostDrillFiles = 1000
)

// DefaultUpkeep holds until somebody says otherwise.
func DefaultUpkeep() Upkeep {
	return Upkeep{PruneEvery: day, VerifyEvery: 7 * day, VerifyPercent: 5, DrillEvery: 7 * day, DrillFiles: 20, ScrubEvery: 7 * day}
}

// Upkeep gives how often what is stored is looked after.
func (t *tables) Upkeep() Upkeep {
	m := DefaultUpkeep()
	t.setting(UpkeepSetting, &m)
	return m
}

// ApprovalRule says whether destructive changes need two people.
type ApprovalRule struct {
	Required bool `cbor:"required"`
}

// ApprovalRule gives whether destructive changes need two people.
func (t *tables) ApprovalRule() ApprovalRule {
	var r ApprovalRule
	t.setting(ApprovalSetting, &r)
	return r
}

// RenewalRule says how the certificates of servers are renewed.
type RenewalRule struct {
	Percent int `cbor:"percent"` // of the servers at a time, at most; but one in any case
}

// RenewalRule gives how the certificates of servers are renewed.
func (t *tables) RenewalRule() RenewalRule {
	r := RenewalRule{Percent: 10}
	t.setting(RenewalSetting, &r)
	return r
}

// setting reads a setting into what it has when it was never changed.
func (t *tables) setting(name string, to any) {
	s, ok := t.Settings.Get(name)
	if !ok {
		return
	}
	if err := Decode(s.Value, to); err != nil {
		panic("fsm: setting " + name + ": " + err.Error()) // the state wrote it
	}
}

// UpkeepChange is what should become different in a [Upkeep].
type UpkeepChange struct {
	PruneEvery    Opt[time.Duration] `cbor:"prune_every,omitempty"`
	VerifyEvery   Opt[time.Duration] `cbor:"verify_every,omitempty"`
	VerifyPercent Opt[int]           `cbor:"verify_percent,omitempty"`
	DrillEvery    Opt[time.Duration] `cbor:"drill_every,omitempty"`
	DrillFiles    Opt[int]           `cbor:"drill_files,omitempty"`
	ScrubEvery    Opt[time.Duration] `cbor:"scrub_every,omitempty"`
}

// ChangeSettings changes those of the settings that it names.
type ChangeSettings struct {
	Upkeep   UpkeepChange `cbor:"upkeep,omitzero"`
	Approval Opt[bool]    `cbor:"approval,omitempty"` // whether destructive changes need two people
	Renew    Opt[int]     `cbor:"renew,omitempty"`    // percent of the servers whose certificates are renewed at a time
}

func (c *ChangeSettings) apply(tx *Tx) (string, error) {
	m := tx.Upkeep()
	if c.Upkeep != (UpkeepChange{}) {
		if err := c.Upkeep.change(&m); err != nil {
			return "", err
		}
		put(tx, &tx.Settings, &Setting{Meta{ID: UpkeepSetting}, encode(m)})
	}
	if c.Approval != nil {
		if err := tx.twoPeople(*c.Approval); err != nil {
			return "", err
		}
		put(tx, &tx.Settings, &Setting{Meta{ID: ApprovalSetting}, encode(ApprovalRule{Required: *c.Approval})})
	}
	if c.Renew != nil {
		if *c.Renew < 1 || *c.Renew > 100 {
			return "", invalidField("renewal.percent", "must lie between 1 and 100")
		}
		put(tx, &tx.Settings, &Setting{Meta{ID: RenewalSetting}, encode(RenewalRule{Percent: *c.Renew})})
	}
	if tx.object.ID == "" {
		return "", invalidField("settings", "nothing to change was given")
	}
	return tx.object.ID, nil
}

// twoPeople refuses to ask for two people where there is one, who could then never
// take that back.
func (tx *Tx) twoPeople(wanted bool) error {
	if !wanted {
		return nil
	}
	n := 0
	for u := range tx.Users.All() {
		if tx.Access(u).May(ClusterWrite) {
			n++
		}
	}
	if n < 2 {
		return Errorf(Conflict, "approvals need two enabled users with the right %s, and there is %d", ClusterWrite, n)
	}
	return nil
}

func (c *UpkeepChange) change(m *Upkeep) error {
	set(&m.PruneEvery, c.PruneEvery)
	set(&m.VerifyEvery, c.VerifyEvery)
	set(&m.VerifyPercent, c.VerifyPercent)
	set(&m.DrillEvery, c.DrillEvery)
	set(&m.DrillFiles, c.DrillFiles)
	set(&m.ScrubEvery, c.ScrubEvery)
	return m.check()
}

func (m *Upkeep) check() error {
	for _, every := range []struct {
		field string
		d     time.Duration
	}{{"prune_every", m.PruneEvery}, {"verify_every", m.VerifyEvery}, {"drill_every", m.DrillEvery}, {"scrub_every", m.ScrubEvery}} {
		if d := every.d; d != 0 && (d < time.Minute || d > 10*365*day) {
			return invalidField(every.field, "must be 0 for never, or from 1 minute to 10 years")
		}
	}
	if m.VerifyPercent < 0 || m.VerifyPercent > 100 {
		return invalidField("verify_percent", "must lie between 0 and 100")
	}
	if m.DrillFiles < 1 || m.DrillFiles > mostDrillFiles {
		return invalidField("drill_files", "must lie between 1 and %d", mostDrillFiles)
	}
	return nil
}
