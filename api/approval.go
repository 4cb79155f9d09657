package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Approval is a destructive change that waits until a second person grants it.
type Approval struct {
	Meta
	By        string     `json:"by" doc:"Who asks for the change: user:ada"`
	Action    string     `json:"action" doc:"What would be done: task.update"`
	Object    Object     `json:"object" doc:"With what"`
	Reason    string     `json:"reason" doc:"What would be lost"`
	Status    string     `json:"status" doc:"pending, granted, denied or expired"`
	ExpiresAt time.Time  `json:"expires_at" doc:"Until then it can be granted"`
	DecidedBy string     `json:"decided_by" doc:"Who granted or denied it"`
	DecidedAt *time.Time `json:"decided_at"`
}

// approvalHeader names the approval that a change waits for, in the answer 202.
const approvalHeader = "Bcm-Approval"

// waitsFor is the answer to a change that was not made: it waits for a second
// person. To huma it is an error, so that any handler can give it.
type waitsFor struct{ Approval }

// Error says what is waited for.
func (w *waitsFor) Error() string { return w.Reason + "; another user must grant that" }

// GetStatus is the HTTP status; huma asks for it.
func (w *waitsFor) GetStatus() int { return http.StatusAccepted }

// destructive lists the operations that may answer that they wait for an approval.
func destructive() []string {
	return []string{"updateTask", "protectBackup", "deleteBackup", "removeNode", "removeClient", "changeSettings"}
}

// askApproval puts a change on hold that needs a second person. A request asked
// again under its own id finds the approval that it made.
func (c *call) askApproval(cmd fsm.Command) error {
	id := pki.NewID()
	if c.chosen() {
		sum := sha256.Sum256([]byte(c.user.ID + "\x00" + c.requestID()))
		id = hex.EncodeToString(sum[:16])
	}
	ask, err := fsm.NewApproval(id, cmd)
	if err != nil {
		return err
	}
	result, err := c.applyBy(c.ctx(), "user:"+c.user.Name, ask)
	if err != nil {
		return err
	}
	row, err := made(&c.view.Approvals, "approval", result.ID)
	if err != nil {
		return err
	}
	return &waitsFor{showApproval(c.API, c.view, row)}
}

func approvalMeta(a *fsm.Approval) *fsm.Meta { return &a.Meta }

func showApproval(api *API, _ *fsm.View, a *fsm.Approval) Approval {
	return Approval{Meta: metaOf(&a.Meta), By: a.By, Action: a.Kind, Object: Object{a.Object.Noun, a.Object.ID, a.Object.Name},
		Reason: a.Reason, Status: string(a.At(fsm.At(api.Now()))), ExpiresAt: a.ExpiresAt.Time(),
		DecidedBy: a.DecidedBy, DecidedAt: moment(a.DecidedAt)}
}

func decisions() []fsm.Decision {
	return []fsm.Decision{fsm.Pending, fsm.Granted, fsm.Refused, fsm.Expired}
}

func approvalListing(now func() time.Time) listing[fsm.Approval, Approval] {
	return listing[fsm.Approval, Approval]{
		table: func(v *fsm.View) *fsm.Table[fsm.Approval] { return &v.Approvals },
		meta:  approvalMeta,
		show:  showApproval,
		sort:  "-created_at",
		filters: []filter[fsm.Approval]{
			{name: "status", says: "Where it stands", known: words(decisions()),
				has: func(a *fsm.Approval, key string) bool { return string(a.At(fsm.At(now()))) == key }},
			{name: "by", says: "Only what was asked for by: user:ada", has: func(a *fsm.Approval, key string) bool { return a.By == key }},
		},
		orders: []order[fsm.Approval]{
			byCreation(fsm.CreatedIndex, approvalMeta),
			byChange(approvalMeta),
			byName("by", func(a *fsm.Approval) string { return a.By }),
			byName("action", func(a *fsm.Approval) string { return a.Kind }),
			byNumber("status", func(a *fsm.Approval) int64 { return severity(decisions(), a.At(fsm.At(now()))) }),
			byTime("expires_at", "", func(a *fsm.Approval) fsm.Time { return a.ExpiresAt }),
		},
	}
}

func getApproval(c *call) (Approval, error) {
	a, err := seen(c, &c.view.Approvals, "approval")
	if err != nil {
		return Approval{}, err
	}
	return showApproval(c.API, c.view, a), nil
}

// decideApproval grants or denies: the command says which.
func decideApproval(decide func(id string) fsm.Command) func(c *call) (Approval, error) {
	return func(c *call) (Approval, error) {
		a, err := seen(c, &c.view.Approvals, "approval")
		if err != nil {
			return Approval{}, err
		}
		result, err := c.apply(decide(a.ID))
		if err != nil {
			return Approval{}, err
		}
		if a, err = made(&c.view.Approvals, "approval", result.ID); err != nil {
			return Approval{}, err
		}
		return showApproval(c.API, c.view, a), nil
	}
}

func grantApproval(id string) fsm.Command { return &fsm.GrantApproval{ID: id} }
func denyApproval(id string) fsm.Command  { return &fsm.DenyApproval{ID: id} }

// ofApprovals tells of changes that wait for a second person.
func (a *alerts) ofApprovals() {
	for row := range a.call.view.Approvals.By("status", string(fsm.Pending)) {
		if row.At(fsm.At(a.now)) == fsm.Pending && a.call.sees(row) {
			object := Object{a.call.view.Approvals.Name(), row.ID, row.Object.Name}
			a.add(warning, "approval_pending", object, row.CreatedAt, "%s asks for a change that another user must grant: %s", row.By, row.Reason)
		}
	}
}
