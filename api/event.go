package api

import (
	"bcm/fsm"
)

// Event is a row of the audit trail.
type Event struct {
	Meta
	By      string `json:"by" doc:"user:NAME, node:ID, plan:NAME or system:WHAT"`
	Actor   string `json:"actor" doc:"by, with a node's name in place of its id"`
	Action  string `json:"action" doc:"What was done, such as user.create"`
	Object  Object `json:"object" doc:"To what"`
	Result  string `json:"result" doc:"ok, or the code of the refusal"`
	Detail  string `json:"detail"`
	Request string `json:"request_id" doc:"Of the request that did it"`
}

// Object names what an event is about.
type Object struct {
	Kind string `json:"kind" doc:"In the plural, as in paths: users"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Verified is the answer to whether the audit trail is whole.
type Verified struct {
	Intact bool    `json:"intact"`
	Events int     `json:"events" doc:"How many rows were checked"`
	Broken *string `json:"broken" doc:"Id of the first row that does not fit to the one before"`
}

// resultOK stands for no refusal.
const resultOK = "ok"

func eventMeta(e *fsm.Event) *fsm.Meta { return &e.Meta }

func showEvent(_ *API, v *fsm.View, e *fsm.Event) Event {
	return Event{Meta: metaOf(&e.Meta), By: e.By, Actor: actor(v, e.By), Action: e.Action,
		Object: Object{e.Object.Noun, e.Object.ID, e.Object.Name}, Result: resultOf(e), Detail: e.Detail, Request: e.Request}
}

func resultOf(e *fsm.Event) string {
	if e.Result == "" {
		return resultOK
	}
	return string(e.Result)
}

// actor shows who did something by a name that people know.
func actor(v *fsm.View, by string) string {
	if id, ok := cutClass(by, "node"); ok {
		return "node:" + nodeName(v, id)
	}
	return by
}

func cutClass(by, class string) (string, bool) {
	if len(by) > len(class) && by[:len(class)] == class && by[len(class)] == ':' {
		return by[len(class)+1:], true
	}
	return "", false
}

func eventListing() listing[fsm.Event, Event] {
	is := func(name, says string, of func(e *fsm.Event) string) filter[fsm.Event] {
		return filter[fsm.Event]{name: name, says: says, has: func(e *fsm.Event, key string) bool { return of(e) == key }}
	}
	return listing[fsm.Event, Event]{
		table: func(v *fsm.View) *fsm.Table[fsm.Event] { return &v.Events },
		meta:  eventMeta,
		show:  showEvent,
		sort:  "-created_at",
		filters: []filter[fsm.Event]{
			is("by", "Who did it, such as user:ada", func(e *fsm.Event) string { return e.By }),
			is("action", "What was done, such as user.create", func(e *fsm.Event) string { return e.Action }),
			is("kind", "What kind of object it was done to, such as users", func(e *fsm.Event) string { return e.Object.Noun }),
			{name: "object", says: "To which object, by id", index: "object",
				has: func(e *fsm.Event, key string) bool { return e.Object.ID == key }},
			{name: "result", says: "ok, or the code of the refusal", known: results(),
				has: func(e *fsm.Event, key string) bool { return resultOf(e) == key }},
			since("from", "Only what was done at or after the time", func(e *fsm.Event) fsm.Time { return e.CreatedAt }),
			before("to", "Only what was done before the time", func(e *fsm.Event) fsm.Time { return e.CreatedAt }),
		},
		orders: []order[fsm.Event]{
			{name: "created_at", index: fsm.ChangedIndex, // they never change, and follow the index
				key: func(_ *fsm.View, e *fsm.Event) string { return fsm.TimeKey(fsm.Time(e.Index)) }},
			byName("by", func(e *fsm.Event) string { return e.By }),
			byName("action", func(e *fsm.Event) string { return e.Action }),
		},
		texts: func(v *fsm.View, q string) func(e *fsm.Event) bool {
			nodes := nodesLike(v, q)
			return func(e *fsm.Event) bool {
				id, ok := cutClass(e.By, "node")
				return ok && nodes[id]
			}
		},
	}
}

func results() []string {
	return append([]string{resultOK}, words([]fsm.Code{fsm.Invalid, fsm.NotFound, fsm.Conflict, fsm.Precondition, fsm.Denied,
		fsm.Unauthorized, fsm.Mismatch, fsm.Exhausted, fsm.Internal})...)
}

// nodeEvents is the audit trail as far as it is about one node, or by it.
func nodeEvents() listing[fsm.Event, Event] {
	l := eventListing()
	l.within = func(c *call) ([]pick[fsm.Event], error) {
		n, err := find(&c.view.Nodes, "node", c.param("node"))
		if err != nil {
			return nil, err
		}
		return only(filter[fsm.Event]{has: func(e *fsm.Event, id string) bool {
			return e.Object.ID == id || e.By == "node:"+id
		}}, n.ID), nil
	}
	return l
}

func getEvent(c *call) (Event, error) {
	e, err := seen(c, &c.view.Events, "event")
	if err != nil {
		return Event{}, err
	}
	return showEvent(c.API, c.view, e), nil
}

func verifyEvents(c *call) (Verified, error) {
	rows, broken := c.view.VerifyChain()
	return Verified{Intact: broken == "", Events: rows, Broken: text(broken)}, nil
}
