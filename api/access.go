package api

import (
	"fmt"
	"slices"
	"strings"

	"bcm/fsm"
)

// Explanation says why somebody may do something, or what is missing.
type Explanation struct {
	User    string   `json:"user"`
	Right   string   `json:"right"`
	Object  string   `json:"object" doc:"What was asked about; a right holds for all objects that have no access list"`
	Allowed bool     `json:"allowed"`
	Groups  []string `json:"groups" doc:"Names of the user's groups that give the right"`
	Others  []string `json:"others" doc:"Names of groups that would give it"`
	Text    string   `json:"text" doc:"The same in a sentence"`
}

// maxObject bounds the name of an object that is asked about.
const maxObject = 256

// explainAccess tells which group gives a user a right. Everybody may ask about
// themselves.
func explainAccess(c *call) (Explanation, error) {
	user := c.user
	if ref := c.query.Get("user"); ref != "" && ref != user.Name && ref != user.ID {
		if err := c.access.Need(fsm.UsersRead, "user "+ref); err != nil {
			return Explanation{}, err
		}
		var err error
		if user, err = find(&c.view.Users, "user", ref); err != nil {
			return Explanation{}, err
		}
	}
	right, object := fsm.Right(c.query.Get("right")), c.query.Get("object")
	if right != fsm.Self && !slices.Contains(fsm.Rights(), right) {
		return Explanation{}, invalid("right", "%q is not one of %s", right, strings.Join(words(fsm.Rights()), ", "))
	}
	if len(object) > maxObject {
		return Explanation{}, invalid("object", "must have at most %d bytes", maxObject)
	}
	return explain(c.view, user, right, object).listed(c.view, user), nil
}

// listed adds what access lists say, when the object is one that may have one.
func (x Explanation) listed(v *fsm.View, u *fsm.User) Explanation {
	noun, ref, _ := strings.Cut(x.Object, "/")
	var guards []fsm.Object
	if b, ok := v.Backups.Get(ref); ok && noun == "backups" {
		guards = v.GuardsOf(b)
	} else if o, err := v.NamedObject(noun, ref); err == nil {
		guards = v.Guards(o)
	}
	if a := v.Bars(u, guards...); a != nil && x.Allowed {
		x.Allowed = false
		x.Text += fmt.Sprintf(", but may not: %v", v.Barred(u, a))
	}
	return x
}

func explain(v *fsm.View, u *fsm.User, right fsm.Right, object string) Explanation {
	x := Explanation{User: u.Name, Right: string(right), Object: object, Allowed: v.Access(u).May(right), Groups: []string{}, Others: []string{}}
	for g := range v.Groups.All() {
		switch gives := slices.Contains(g.Rights, fsm.All) || slices.Contains(g.Rights, right); {
		case gives && slices.Contains(u.Groups, g.ID):
			x.Groups = append(x.Groups, g.Name)
		case gives:
			x.Others = append(x.Others, g.Name)
		}
	}
	what := x.Right
	if object != "" {
		what += " on " + object
	}
	switch {
	case !u.Enabled:
		x.Text = fmt.Sprintf("%s may not: the user is disabled", u.Name)
	case right == fsm.Self:
		x.Text = fmt.Sprintf("%s may: everybody who is logged in has the right %s", u.Name, what)
	case x.Allowed:
		x.Text = fmt.Sprintf("%s has the right %s from %s", u.Name, what, strings.Join(x.Groups, ", "))
	case len(u.Groups) == 0:
		x.Text = fmt.Sprintf("%s lacks the right %s: the user is in no group", u.Name, what)
	default:
		x.Text = fmt.Sprintf("%s lacks the right %s, which %s would give", u.Name, what, strings.Join(x.Others, ", "))
	}
	return x
}
