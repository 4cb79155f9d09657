package fsm

import "fmt"

// Protection keeps a backup from being deleted, by its retention and by people.
type Protection struct {
	Pinned bool  `cbor:"pinned,omitempty"` // it never expires
	Hold   *Hold `cbor:"hold,omitempty"`   // it stays until a moment
}

// Hold keeps a backup until a moment, for a reason.
type Hold struct {
	Until  Time   `cbor:"until"`
	Reason string `cbor:"reason"`
	By     string `cbor:"by"` // who put it there
}

// protected says what keeps the backup at a moment, "" when nothing does.
func (p *Protection) protected(at Time) string {
	switch {
	case p.Pinned:
		return "pinned"
	case p.Hold != nil && p.Hold.Until > at:
		return fmt.Sprintf("on hold until %s by %s (%s)", p.Hold.Until, p.Hold.By, p.Hold.Reason)
	}
	return ""
}

// weaker tells whether p keeps a backup less than before, at a moment.
func (p *Protection) weaker(before *Protection, at Time) bool {
	if p.Pinned {
		return false
	}
	if before.Pinned {
		return true
	}
	return before.Hold != nil && before.Hold.Until > at && (p.Hold == nil || p.Hold.Until < before.Hold.Until)
}

// ProtectBackup changes what keeps a backup from being deleted. To give
// protection up needs the right to delete.
type ProtectBackup struct {
	ID      string    `cbor:"id"`
	IfIndex uint64    `cbor:"if_index,omitempty"`
	Pinned  Opt[bool] `cbor:"pinned,omitempty"`
	Hold    *Hold     `cbor:"hold,omitempty"` // the zero one lifts the hold; By is set here
}

func (c *ProtectBackup) apply(tx *Tx) (string, error) {
	return tx.changeBackup(c.ID, func(b *Backup) error {
		if err := fresh(&b.Meta, c.IfIndex); err != nil {
			return err
		}
		if !b.good() {
			return Errorf(Conflict, "backup %s is %s: there is nothing stored to protect", b.ID, b.Status)
		}
		after, err := c.after(tx, b.Protection)
		if err != nil {
			return err
		}
		if by := tx.user(); by != nil && after.weaker(&b.Protection, tx.At) {
			if err := tx.Access(by).Need(BackupsDelete, "backup "+b.ID); err != nil {
				return err
			}
		}
		b.Protection = after
		tx.detail = after.protected(tx.At)
		return nil
	})
}

// after works out what the protection becomes.
func (c *ProtectBackup) after(tx *Tx, p Protection) (Protection, error) {
	set(&p.Pinned, c.Pinned)
	switch {
	case c.Hold == nil:
	case *c.Hold == Hold{}:
		p.Hold = nil
	case c.Hold.Until <= tx.At:
		return p, invalidField("hold.until", "must lie in the future")
	case c.Hold.Reason == "" || len(c.Hold.Reason) > maxDetail/2:
		return p, invalidField("hold.reason", "say why in 1 to %d bytes", maxDetail/2)
	default:
		p.Hold = &Hold{Until: c.Hold.Until, Reason: c.Hold.Reason, By: tx.By}
	}
	return p, nil
}
