package main

import (
	"cmp"
	"crypto/subtle"
	"slices"
)

// directory is an LDAP or AD source that a profile gives: it stands behind the
// enabled credential of the same name.
type directory struct {
	Credential string          `json:"credential"`
	Users      []directoryUser `json:"users"`
}

type directoryUser struct {
	Name     string   `json:"name"`
	Password string   `json:"password"`
	Groups   []string `json:"groups"` // matched with the externalId of external groups
}

// directory asks the directories by rank. A user without a matching enabled
// external group has no access.
func (s *server) directory(name, secret string) (found session, ok bool) {
	err := s.state.view(s.now(), func(t *tx) error {
		var sources []row
		for _, c := range t.all("credentials") {
			if kind := c.text("type"); c.yes("enabled") && (kind == "LDAP" || kind == "AD") {
				sources = append(sources, c)
			}
		}
		slices.SortStableFunc(sources, func(a, b row) int { return cmp.Compare(a.num("rank"), b.num("rank")) })
		for _, c := range sources {
			if u := s.opt.profile.user(c.text("name"), name, secret); u != nil {
				found = session{user: -1, name: name, groups: t.externalGroups(u.Groups)}
				ok = len(found.groups) > 0
				return nil
			}
		}
		return nil
	})
	return found, ok && err == nil
}

func (p *profile) user(credential, name, secret string) *directoryUser {
	for _, d := range p.Directories {
		if d.Credential != credential {
			continue
		}
		for i := range d.Users {
			u := &d.Users[i]
			if u.Name == name && subtle.ConstantTimeCompare([]byte(u.Password), []byte(secret)) == 1 {
				return u
			}
		}
	}
	return nil
}

// externalGroups turns the groups of a directory into the server's own.
func (t *tx) externalGroups(names []string) []int64 {
	var out []int64
	for _, e := range t.all("externalgroups") {
		if !e.yes("enabled") || !slices.Contains(names, e.text("externalId")) {
			continue
		}
		for _, rel := range t.all("externalGroupRelations") {
			if id := rel.num("groupId"); rel.num("externalGroupId") == e.num("id") && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}
