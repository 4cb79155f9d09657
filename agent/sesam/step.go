package sesam

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"bcm/fsm"
)

// names are the ids of a server's objects by their names, as far as steps need them.
type names map[fsm.MirrorKind]map[string]string

// namesOf reads the ids of groups, users and clients afresh: ids differ from server
// to server, and may have changed since the order was made.
func (c *client) namesOf(ctx context.Context) (names, error) {
	n, s := make(names), &seen{lacks: make(map[string]string), objects: make(map[fsm.MirrorKind][]fsm.Observed)}
	for _, k := range []fsm.MirrorKind{fsm.ServerGroup, fsm.ServerUser, fsm.ServerClient, fsm.ServerACL} {
		if err := c.lookAt(ctx, s, k); err != nil {
			return nil, fmt.Errorf("%ss: %w", k, err)
		}
		n[k] = make(map[string]string)
		for _, o := range s.objects[k] {
			n[k][o.Name] = o.Remote
		}
	}
	return n, nil
}

// do carries one step out. One that was carried out before does no harm: what is
// to be made is changed if it is there, what is to be removed may be gone.
func (c *client) do(ctx context.Context, n names, s *fsm.Step) error {
	id := n[s.Kind][s.Name]
	var err error
	switch {
	case s.Do == fsm.RemoveStep && id == "":
		return nil
	case s.Do == fsm.RemoveStep:
		if err = c.remove(ctx, s.Kind, id); err == nil || absent(err) {
			delete(n[s.Kind], s.Name)
			return nil
		}
	case id == "" && s.Do == fsm.DisableStep:
		return nil
	case id == "":
		id, err = c.create(ctx, n, s)
		n[s.Kind][s.Name] = id
	default:
		err = c.change(ctx, n, s, id)
	}
	return err
}

// resource is where a kind is written.
var resource = map[fsm.MirrorKind]string{fsm.ServerGroup: "groups", fsm.ServerUser: "users", fsm.ServerACL: "acls"}

func (c *client) remove(ctx context.Context, k fsm.MirrorKind, id string) error {
	_, err := c.post(ctx, v2+resource[k]+"/delete", json.Number(id)) // the bare id
	return err
}

func (c *client) create(ctx context.Context, n names, s *fsm.Step) (id string, err error) {
	body, err := body(n, s)
	if err != nil {
		return "", err
	}
	switch s.Kind {
	case fsm.ServerGroup:
		body["name"], body["rolesList"] = s.Name, []string{"ReadOnly"} // roles cannot be changed later
	case fsm.ServerUser:
		body["name"] = s.Name
		if s.Secret == "" {
			body["password"] = unguessable() // until the user sets one
		}
	case fsm.ServerACL:
		noun, name, _ := strings.Cut(s.Name, "/")
		object := n[fsm.ServerClient][name]
		if noun != "clients" || object == "" {
			return "", fmt.Errorf("the server has no %s for an access list", s.Name)
		}
		body["object"], body["origin"] = object, "Clients"
	}
	v, err := c.post(ctx, v2+resource[s.Kind]+"/create", body)
	if duplicate(err) {
		return "", fmt.Errorf("%s %s was made by somebody else in the meantime: %w", s.Kind, s.Name, err)
	}
	return v.object().text("id"), err
}

func (c *client) change(ctx context.Context, n names, s *fsm.Step, id string) error {
	body, err := body(n, s)
	if err != nil {
		return err
	}
	body["id"] = json.Number(id)
	_, err = c.post(ctx, v2+resource[s.Kind]+"/update", body)
	return err
}

// body is an object as the step wants it, without its key.
func body(n names, s *fsm.Step) (map[string]any, error) {
	b := map[string]any{}
	switch s.Kind {
	case fsm.ServerGroup:
		b["enabled"], b["usercomment"] = s.Facts.Enabled, s.Facts.Comment
	case fsm.ServerUser:
		b["enabled"], b["usercomment"] = s.Facts.Enabled, s.Facts.Comment
		groups := []json.Number{}
		for _, name := range s.Facts.Groups {
			id := n[fsm.ServerGroup][name]
			if id == "" {
				return nil, fmt.Errorf("the server has no group %s", name)
			}
			groups = append(groups, json.Number(id))
		}
		b["groups"] = groups
		if s.Secret != "" {
			b["password"] = s.Secret
		}
	case fsm.ServerACL:
		entries := []entry{}
		for _, right := range s.Facts.Rights {
			typ, name, _ := strings.Cut(right, "/")
			kind := map[string]fsm.MirrorKind{"GROUP": fsm.ServerGroup, "USER": fsm.ServerUser}[typ]
			id := n[kind][name]
			if id == "" {
				return nil, fmt.Errorf("the server has no %s %s", kind, name)
			}
			entries = append(entries, entry{json.Number(id), typ, map[string]string{"allow": full}})
		}
		text, err := json.Marshal(entries)
		if err != nil {
			return nil, err
		}
		b["value"] = string(text)
	default:
		return nil, errors.New("objects of the kind " + strconv.Quote(string(s.Kind)) + " are not written")
	}
	return b, nil
}

// unguessable is a password that nobody knows, of all kinds of characters that a
// policy may ask for.
func unguessable() string { return "aB1-" + rand.Text() }
