package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestUniformPattern walks each resource through its whole life, as a client
// would: made, read, found, changed, removed, and not there any more.
func TestUniformPattern(t *testing.T) {
	for _, c := range []struct {
		path, first, second string // bodies
		key                 string // JSON of the first one's key
		change, has         string
		keyName             string // empty: id
	}{
		{path: "clients", first: `{"name":"a"}`, second: `{"name":"b"}`, key: `1`, change: `{"id":1,"usercomment":"x"}`, has: `{"name":"a","usercomment":"x"}`},
		{path: "locations", first: `{"name":"a"}`, second: `{"name":"b"}`, key: `1`, change: `{"id":1,"usercomment":"c"}`, has: `{"id":1,"usercomment":"c"}`},
		{path: "acls", first: `{"object":1,"origin":"LocationsDao","value":"[]"}`, second: `{"object":"-1","origin":"Clients"}`, key: `1`,
			change: `{"id":1,"value":"[{\"id\":3,\"type\":\"GROUP\"}]"}`, has: `{"object":"1","origin":"LocationsDao","value":"[{\"id\":3,\"type\":\"GROUP\"}]"}`},
		{path: "users", first: `{"name":"a"}`, second: `{"name":"b"}`, key: `2`, change: `{"id":"2","enabled":"false"}`, has: `{"name":"a","enabled":false}`},
		{path: "groups", first: `{"name":"a"}`, second: `{"name":"b"}`, key: `5`, change: `{"id":"5","enabled":false}`, has: `{"name":"a","enabled":false}`},
		{path: "externalgroups", first: `{"externalId":"a"}`, second: `{"externalId":"b"}`, key: `1`, change: `{"id":"1","type":"AD"}`, has: `{"externalId":"a","type":"AD"}`},
		{path: "credentials", first: `{"type":"LDAP","name":"a"}`, second: `{"type":"AD"}`, key: `1`, change: `{"id":1,"port":"389"}`, has: `{"port":389,"type":"LDAP"}`},
		{path: "schedules", first: `{"name":"a"}`, second: `{"name":"b"}`, key: `"a"`, keyName: "name", change: `{"name":"a","mo":"true"}`, has: `{"mo":true,"tu":false}`},
		{path: "commands", first: `{"name":"a"}`, second: `{"name":"b"}`, key: `"a"`, keyName: "name", change: `{"name":"a","command":"ls"}`, has: `{"command":"ls","type":"EXECUTE"}`},
		{path: "mediapools", first: `{"name":"a","eol":"28","driveGroupId":"1"}`, second: `{"name":"b"}`, key: `"a"`, keyName: "name", change: `{"name":"a","eol":7}`, has: `{"eol":7,"driveGroupId":1}`},
		{path: "datastores", first: `{"name":"a","typeId":"Path"}`, second: `{"name":"b"}`, key: `"a"`, keyName: "name", change: `{"name":"a","used":5}`, has: `{"used":5,"typeId":"Path"}`},
		{path: "media", first: `{"name":"a"}`, second: `{"name":"b"}`, key: `"a"`, keyName: "name", change: `{"name":"a","mediaType":"LTO"}`, has: `{"mediaType":"LTO"}`},
	} {
		t.Run(c.path, func(t *testing.T) {
			x := begin(t)
			keyName := c.keyName
			if keyName == "" {
				keyName = "id"
			}
			before := len(x.get(c.path).column(keyName))
			x.post(c.path+"/create", c.first).has(fmt.Sprintf(`{%q:%s}`, keyName, c.key))
			x.post(c.path+"/create", c.second)
			path := c.path + "/" + strings.Trim(c.key, `"`)
			x.get(path).has(fmt.Sprintf(`{%q:%s}`, keyName, c.key))
			x.post(c.path+"/find", fmt.Sprintf(`{%q:%s}`, keyName, c.key)).lists(keyName, "["+c.key+"]")
			x.post(c.path+"/update", c.change).has(c.has)
			x.get(path).has(c.has)
			if n := len(x.get(c.path).column(keyName)); n != before+2 {
				t.Errorf("%d in the list, want %d", n, before+2)
			}
			for i, body := range []string{"{}", "", "null", "[{}]"} {
				if n := len(x.post(c.path+"/find", body).column(keyName)); n != before+2 {
					t.Errorf("%d found by %d, want %d", n, i, before+2)
				}
			}
			x.post(c.path+"/create", c.first).refused(http.StatusConflict, "duplicate.entry")
			x.post(c.path+"/delete", c.key).is(c.key)
			x.get(path).is("null")
			x.post(c.path+"/delete", c.key).refused(http.StatusNotFound, "object.not.found.id")
			x.post(c.path+"/update", c.change).refused(http.StatusNotFound, "object.not.found.id")
			// A freed id comes back: clients with fixed ids repeat on one server.
			x.post(c.path+"/delete", lastKey(x, c.path, keyName))
			x.post(c.path+"/create", c.first).has(fmt.Sprintf(`{%q:%s}`, keyName, c.key))
		})
	}
}

func lastKey(x *sim, path, keyName string) string {
	keys := x.get(path).column(keyName)
	return fmt.Sprint(keys[len(keys)-1])
}

// TestLeniency shows what clients do that is not quite right and must work.
func TestLeniency(t *testing.T) {
	x := begin(t)
	x.post("groups/create", `{"id":5,"name":"five","enabled":"true"}`).has(`{"id":5,"enabled":true}`)
	x.post("groups/update", `{"id":"5","usercomment":7}`).has(`{"id":5,"usercomment":"7"}`)
	x.post("clients/create", `{"name":"a","location":{"id":0},"accessmode":"SMSSH","userComment":"c","nonsense":{"deep":[1]}}`).
		has(`{"location":{"id":0,"name":"LOCAL"},"accessMode":"SMSSH","usercomment":"c","nonsense":null}`)
	if _, there := x.get("clients/1").object()["nonsense"]; there {
		t.Error("an unknown member came back")
	}
	x.post("clients/create", `[{"name":"in a list"}]`).has(`{"id":2}`)
	x.post("clients/create", `[[{"name":"in two lists","id":7.0}]]`).has(`{"id":7}`)
	x.post("clients/create", "\ufeff"+` {"name":"with a mark"} `).has(`{"id":8}`)
	x.do("POST", "clients/find", `{"id":1}`, header("Content-Type", "text/plain"), header("Accept", "*/*")).lists("id", `[1]`)
	x.do("GET", "locations/0", `{"id":0}`, header("Content-Type", "application/json")).has(`{"name":"LOCAL"}`)
	for _, p := range []string{"clients/", "clients//", "//sep/api/v2/clients", "/sep/api/v2//clients/"} {
		a := x.get(p)
		a.lists("id", `[0,1,2,7,8]`)
		if kind := a.header.Get("Content-Type"); kind != "application/json" {
			t.Errorf("%s: Content-Type %q", p, kind)
		}
	}
	x.post("clients/find/", `{"id":"1"}`).lists("id", `[1]`)
	x.post("clients/update/", `{"name":"a","permit":0}`).has(`{"permit":false,"id":1}`)
	x.get("clients/07").has(`{"id":7}`)
}

func TestDeleteBodies(t *testing.T) {
	x := begin(t)
	for _, name := range []string{`"a"`, `a`, `["a"]`, `{"name":"a"}`, "a\n", `"a`, ` a `} {
		x.post("datastores/create", `{"name":"a"}`)
		x.post("datastores/delete", name).is(`"a"`)
	}
	// Names that are no names of their own when they are read as JSON.
	for _, name := range []string{"123", "true", "null", "1e3", "007", "Ärger & Söhne", "a b", `{x`, "[y", "-"} {
		b, err := jsonBytes(map[string]string{"name": name})
		if err != nil {
			t.Fatal(err)
		}
		x.post("datastores/create", string(b))
		want, err := jsonBytes(name)
		if err != nil {
			t.Fatal(err)
		}
		x.post("datastores/delete", name).is(string(want))
	}
	for i, id := range []string{`1`, `"1"`, `[1]`, `{"id":1}`, " 1\n"} {
		x.post("clients/create", fmt.Sprintf(`{"name":"c%d"}`, i)).has(`{"id":1}`)
		x.post("clients/delete", id).is(`1`)
	}
	for _, id := range []string{``, `{}`, `x`, `true`, `1.5`, `[1,2]`, `null`} {
		x.post("clients/delete", id).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	}
}

// TestNotThere: not found is not uniform on the real server.
func TestNotThere(t *testing.T) {
	x := begin(t)
	for _, p := range []string{"clients/9", "locations/9", "acls/9", "users/9", "groups/9", "externalgroups/9", "credentials/9", "backupevents/9",
		"commandevents/9", "drivegroups/9", "drives/9", "schedules/x", "commands/x", "mediapools/x", "datastores/x", "media/x",
		"backups/x", "backupgroups/x", v1 + "roleRelations/9", v1 + "groups/9"} {
		x.get(p).is("null")
	}
	for _, p := range []string{"backups/tasks/x", "groups/9/roles", "externalgroups/9/groups", "datastores/x/drives", "backupgroups/x/tasks"} {
		x.get(p).refused(http.StatusNotFound, "object.not.found.id")
	}
	for _, p := range []string{"nope", "clients/1/2", "/sep/api/nope", "/", "/sep", "taskEvents", v1 + "taskEvents", "/sep/api/v3/clients"} {
		x.get(p).refused(http.StatusNotFound, "CLIENT_ERROR_NOT_FOUND")
		x.as(nil).get(p).refused(http.StatusNotFound, "CLIENT_ERROR_NOT_FOUND")
	}
	for _, m := range []string{"PUT", "DELETE", "PATCH", "OPTIONS"} {
		x.do(m, "clients", "").refused(http.StatusMethodNotAllowed, "CLIENT_ERROR_METHOD_NOT_ALLOWED")
	}
	for _, p := range []string{"clients/x", "groups/x/roles", "acls/1.5"} {
		x.get(p).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	}
}

func TestBadBodies(t *testing.T) {
	x := begin(t)
	for _, c := range [][2]string{
		{"clients/create", `{"name":`}, {"clients/create", `{"name":"a"} x`}, {"clients/create", `7`}, {"clients/create", `"a"`},
		{"clients/create", `[{},{}]`}, {"clients/create", `{}`}, {"clients/create", `{"name":""}`}, {"clients/create", `{"name":{}}`},
		{"clients/create", `{"name":"a","id":-1}`}, {"clients/create", `{"name":"a","id":"x"}`}, {"clients/create", `{"name":"a","permit":"perhaps"}`},
		{"clients/create", `{"name":"a","location":{}}`}, {"clients/create", `{"name":"a","location":[0]}`}, {"clients/update", `{}`},
		{"clients/create", `{"name":"a","id":1e99}`}, {"clients/find", `{"id":"x"}`}, {"clients/find", `{"name":{}}`}, {"clients/find", `{"location":true}`},
		{"datastores/create", `{"name":"` + strings.Repeat("x", 33) + `"}`}, {"backupevents/create", `{"object":"` + strings.Repeat("x", 129) + `"}`},
		{"datastores/create", `{"name":"a","used":-1}`}, {"locations/create", `{"name":"a/b"}`}, {"users/create", `{"name":"a","groups":3}`},
		{"backups/start", ``}, {"backups/start", `[]`}, {"backups/start", `[7]`}, {"drives/1/execute", `{}`}, {"externalgroups/create", `{"externalId":"a","type":"x"}`},
		{"commandevents/update", `{"id":1}`}, {"acls/create", `{"object":"1","origin":"Clients","value":"x"}`}, {"auth/login", `{}`}, {"auth/login", `[]`},
	} {
		x.post(c[0], c[1]).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	}
	x.post("datastores/create", `{"name":"`+strings.Repeat("ü", 32)+`"}`).has(`{"status":"OK"}`)
	x.post("clients/create", strings.Repeat(" ", longestBody+1)+`{}`).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	x.post("clients/create", strings.Repeat("[", 100_000)).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	x.get("clients").lists("id", `[0]`)
}

func TestFilters(t *testing.T) {
	x := begin(t, "--demo")
	for _, c := range []struct{ path, filter, name, want string }{
		{"clients", `{"name":"*"}`, "id", `[0,1,2,3]`},
		{"clients", `{"name":"*-1"}`, "id", `[1,2,3]`},
		{"clients", `{"name":"*b*1"}`, "id", `[1,2]`},
		{"clients", `{"name":"WEB-1"}`, "id", `[]`},
		{"clients", `{"name":["web-1","db-*"]}`, "id", `[1,2]`},
		{"clients", `{"location":3}`, "id", `[1,2]`},
		{"clients", `{"location":"MUC"}`, "id", `[1,2]`},
		{"clients", `{"location":{"id":"3"}}`, "id", `[1,2]`},
		{"clients", `{"location":{"name":"FRANCE"},"queryMode":"DEFAULT"}`, "id", `[3]`},
		{"clients", `{"accessMode":["SMSSH","PROXY"],"name":"web-1"}`, "id", `[1]`},
		{"clients", `{"accessState":["0"],"permit":"true","location":2}`, "id", `[3]`},
		{"clients", `{"operSystem":[{"name":"WINDOWS"}]}`, "id", `[3]`},
		{"clients", `{"permit":false}`, "id", `[]`},
		{"clients", `{"name":null,"id":1,"unknown":"x"}`, "id", `[1]`},
		{"clients", `{"id":[]}`, "id", `[0,1,2,3]`},
		{"locations", `{"parent":1}`, "name", `["MUC"]`},
		{"locations", `{"parentId":"1"}`, "name", `["MUC"]`},
		{"schedules", `{"mo":"false"}`, "name", `["WEEKLY-FULL"]`},
		{"schedules", `{"pBase":"WEEKLY","sa":true}`, "name", `["WEEKLY-FULL"]`},
		{"users", `{"groups":["ADMIN","OPERATOR"]}`, "name", `["ada","otto"]`},
		{"users", `{"groups":[3],"password":"x"}`, "name", `["rosa"]`},
		{"datastores", `{"types":["Path"],"driveGroupNames":["ds-STORE-1"],"mediaPoolNames":["DISK"]}`, "name", `["STORE-1"]`},
		{"datastores", `{"mediaPoolNames":["TAPE"]}`, "name", `[]`},
		{"datastores", `{"types":[]}`, "name", `["STORE-1"]`},
		{"acls", `{"object":3,"origin":"Locations"}`, "id", `[1]`},
		{"backupgroups", `{}`, "name", `["DAILY"]`},
		{"backups/findTasks", `{"client":"web-1"}`, "name", `["web-files"]`},
		{"backups/findTasks", `{"type":"Exchange"}`, "name", `["mail"]`},
		{"backups/findTasks", `{"groupName":"DAILY"}`, "name", `["db-dump","web-files"]`},
		{"backupevents", `{"name":"no such name","object":"mail"}`, "object", `["mail"]`},
		{"backupevents", `{"fdiType":{"value":"I"}}`, "object", `["DAILY"]`},
	} {
		path := c.path
		if !strings.HasSuffix(path, "Tasks") {
			path += "/find"
		}
		x.post(path, c.filter).lists(c.name, c.want)
	}
}
