package fsm

import (
	"fmt"
	"time"
)

// Approval is a destructive change that waits until a second person grants it.
type Approval struct {
	Meta
	By        string   `cbor:"by"`   // who asks for the change: "user:ada"
	Kind      string   `cbor:"kind"` // of the command
	Body      []byte   `cbor:"body"` // the command, as an entry has it
	Object    Object   `cbor:"object"`
	Reason    string   `cbor:"reason"` // what would be lost
	Status    Decision `cbor:"status"`
	ExpiresAt Time     `cbor:"expires_at"`
	DecidedBy string   `cbor:"decided_by,omitempty"`
	DecidedAt Time     `cbor:"decided_at,omitempty"`
}

// Decision is where an approval stands.
type Decision string

// The decisions. Nobody writes down that an approval has expired: see
// [Approval.At].
const (
	Pending Decision = "pending"
	Granted Decision = "granted"
	Refused Decision = "denied"
	Expired Decision = "expired"
)

// approvalLife is how long an approval can be granted.
const approvalLife = 24 * time.Hour

var approvals = define(schema[Approval]{
	name: "approvals",
	meta: func(a *Approval) *Meta { return &a.Meta },
	indexes: []indexDef[Approval]{
		byNumber(CreatedIndex, func(a *Approval) *Time { return &a.CreatedAt }, nil),
		byText("status", func(a *Approval) *string { return (*string)(&a.Status) }, nil),
	},
	texts: func(a *Approval, emit func(string)) {
		emit(a.By)
		emit(a.Kind)
		emit(a.Object.Name)
		emit(a.Reason)
	},
})

// At is where the approval stands at a moment.
func (a *Approval) At(now Time) Decision {
	if a.Status == Pending && now >= a.ExpiresAt {
		return Expired
	}
	return a.Status
}

// destructive is a command after which something may be lost beyond recall.
type destructive interface {
	// destroys says what that is, in the state before the command; "" when nothing.
	destroys(tx *Tx) string
}

// perform applies a command. One that a person gives and that is destructive is
// refused while that needs two people, after it was seen that it could be done.
func (tx *Tx) perform(cmd Command) (string, error) {
	why := ""
	if d, ok := cmd.(destructive); ok && tx.granted == nil && tx.user() != nil && tx.ApprovalRule().Required {
		why = d.destroys(tx)
	}
	id, err := cmd.apply(tx)
	if err == nil && why != "" {
		return "", Errorf(ApprovalRequired, "%s; another user must grant that", why)
	}
	return id, err
}

// CreateApproval puts a destructive change on hold, in the name of who asks for
// it. Asked twice under one id, there is one.
type CreateApproval struct {
	ID   string `cbor:"id"`
	Kind string `cbor:"kind"`
	Body []byte `cbor:"body"`
}

// NewApproval makes the command that puts another one on hold.
func NewApproval(id string, cmd Command) (*CreateApproval, error) {
	body, err := wire.enc.Marshal(cmd)
	if err != nil {
		return nil, Errorf(Invalid, "%s: %v", KindOf(cmd), err)
	}
	return &CreateApproval{ID: id, Kind: KindOf(cmd), Body: body}, nil
}

func (c *CreateApproval) apply(tx *Tx) (string, error) {
	if old, ok := tx.Approvals.Get(c.ID); ok && old.By == tx.By && old.Kind == c.Kind {
		tx.about(tx.Approvals.Name(), c.ID, old.Object.Name)
		return c.ID, nil
	}
	if err := newRow(&tx.Approvals, "approval", c.ID); err != nil {
		return "", err
	}
	cmd, err := Entry{Kind: c.Kind, Body: c.Body}.Command()
	if err != nil {
		return "", invalidField("kind", "%v", err)
	}
	if err := tx.authorize(kindNamed[c.Kind]); err != nil {
		return "", err
	}
	why := ""
	if d, ok := cmd.(destructive); ok && tx.ApprovalRule().Required {
		why = d.destroys(tx)
	}
	if why == "" {
		return "", Errorf(Conflict, "%s needs no approval; do it", c.Kind)
	}
	if _, err := cmd.apply(tx); err != nil { // to see whether it could be done, and what it is about
		return "", err
	}
	object := tx.object
	tx.rollback()
	put(tx, &tx.Approvals, &Approval{Meta: Meta{ID: c.ID}, By: tx.By, Kind: c.Kind, Body: c.Body, Object: object, Reason: why,
		Status: Pending, ExpiresAt: tx.At.Add(approvalLife)})
	tx.detail = why
	tx.forgetApprovals()
	return c.ID, nil
}

// forgetApprovals drops approvals of long ago, a few at a time.
func (tx *Tx) forgetApprovals() {
	var old []string
	for _, a := range tx.Approvals.Walk(CreatedIndex, false, nil) {
		if len(old) == 4 || a.CreatedAt.Add(keepDeleted) > tx.At {
			break
		}
		old = append(old, a.ID)
	}
	for _, id := range old {
		drop(tx, &tx.Approvals, id)
	}
}

// pending finds an approval that can be decided, and checks that who decides could
// make the change.
func (tx *Tx) pending(id string) (*Approval, error) {
	old, ok := tx.Approvals.Get(id)
	if !ok {
		return nil, notFound("approval", id)
	}
	if s := old.At(tx.At); s != Pending {
		return nil, Errorf(Conflict, "approval %s is %s already", id, s)
	}
	a := *old
	a.DecidedBy, a.DecidedAt = tx.By, tx.At
	if tx.By == a.By {
		return &a, nil
	}
	if err := tx.let(tx.GuardsOf(old)...); err != nil {
		return nil, err
	}
	return &a, tx.authorize(kindNamed[a.Kind])
}

// GrantApproval makes a change that waited for a second person, in the name of who
// asked for it, who must still have the right. When it cannot be made any more
// nothing happens, and it goes on waiting.
type GrantApproval struct {
	ID string `cbor:"id"`
}

func (c *GrantApproval) apply(tx *Tx) (string, error) {
	a, err := tx.pending(c.ID)
	if err != nil {
		return "", err
	}
	if u := tx.user(); a.By == tx.By || u == nil || u.CreatedAt > a.CreatedAt {
		return "", Errorf(Denied, "approval %s must be granted by another user, who was there before it was asked for", a.ID)
	}
	cmd, err := Entry{Kind: a.Kind, Body: a.Body}.Command()
	if err != nil {
		return "", Errorf(Internal, "approval %s: %v", a.ID, err)
	}
	granter := tx.By
	tx.By, tx.granted = a.By, &Event{By: a.By, Action: a.Kind}
	if err := tx.authorize(kindNamed[a.Kind]); err != nil {
		return "", err
	}
	if _, err := cmd.apply(tx); err != nil {
		return "", err
	}
	tx.granted.Object, tx.granted.Detail = tx.object, fmt.Sprintf("granted by %s as approval %s; %s", granter, a.ID, tx.detail)
	tx.By, tx.object, tx.detail = granter, Object{}, a.Reason
	a.Status = Granted
	put(tx, &tx.Approvals, a)
	tx.object.Name = a.Object.Name
	return a.ID, nil
}

// DenyApproval ends an approval. Who asked for it may do so, too.
type DenyApproval struct {
	ID string `cbor:"id"`
}

func (c *DenyApproval) apply(tx *Tx) (string, error) {
	a, err := tx.pending(c.ID)
	if err != nil {
		return "", err
	}
	a.Status = Refused
	put(tx, &tx.Approvals, a)
	tx.object.Name, tx.detail = a.Object.Name, a.Reason
	return a.ID, nil
}
