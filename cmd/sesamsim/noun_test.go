package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestFreshServer(t *testing.T) {
	x := begin(t, "--name=srv")
	x.get("groups").lists("id", `[0,1,2,3,4]`)
	x.get("groups").lists("name", `["SUPERUSER","ADMIN","OPERATOR","RESTORE","BACKUP"]`)
	x.get(v1+"groups").lists("id", `[0,1,2,3,4]`)
	x.get(v1+"roles").lists("name", `["ReadOnly","All"]`)
	x.get("clients/0").has(`{"name":"srv","location":{"id":0,"name":"LOCAL"}}`)
	x.get("locations").lists("name", `["LOCAL"]`)
	x.post("drivegroups/resolveDriveGroupToId/", `"Test-Drives"`).is("1")
	x.post("drivegroups/resolveDriveGroupToId", `Test-Drives`).is("1")
	x.post("drivegroups/resolveDriveGroupToId", `"x"`).refused(http.StatusNotFound, "object.not.found.id")
	for _, p := range []string{"commands", "schedules", "datastores", "media", "backups", "backups/findTasks", "externalgroups", "credentials"} {
		x.get(p).is("[]")
	}
	x.get("server/info").has(`{"name":"srv","restPort":11401,"release":"5.2.0.3","kernel":"5.2.0","dbType":"postgres","timezone":"Europe/Berlin"}`)
	for _, p := range []struct{ method, path, body string }{
		{"POST", "clients/delete", "0"}, {"POST", "clients/update", `{"id":0,"name":"x"}`},
		{"POST", "locations/delete", "0"}, {"POST", "locations/update", `{"id":0,"name":"x"}`},
		{"POST", "groups/delete", "3"}, {"POST", "groups/update", `{"id":3,"name":"x"}`},
	} {
		a := x.do(p.method, p.path, p.body)
		a.refused(http.StatusMethodNotAllowed, "CLIENT_ERROR_METHOD_NOT_ALLOWED")
		if e := fiveKeys(t, p.path, a.text); e["type"] != "NOT_EDITABLE" {
			t.Errorf("%s: type %v", p.path, e["type"])
		}
	}
	x.post("clients/update", `{"id":0,"usercomment":"me"}`).has(`{"id":0,"usercomment":"me"}`)
}

func TestHelpAndLicense(t *testing.T) {
	x := begin(t, "--demo")
	help := x.as(nil).get("/sep/api/")
	if help.status != http.StatusOK || !strings.Contains(help.text, v2+"clients/find") || !strings.HasPrefix(help.header.Get("Content-Type"), "text/html") {
		t.Errorf("help: %d %s", help.status, help.text)
	}
	lines := x.post("licenses/info", `{}`).json().([]any)
	for i, want := range []string{`^License: ok$`, `^Edition: .+$`, `^Customer        : .+$`, `^Maintenance expiration date \d{4}-\d\d-\d\d$`, `^[\d.]+ TB of [\d.]+ TB FrontSide$`} {
		if !regexp.MustCompile(want).MatchString(lines[i].(string)) {
			t.Errorf("line %d is %q, want %s", i, lines[i], want)
		}
	}
}

func TestLocations(t *testing.T) {
	x := begin(t)
	x.post("locations/create", `{"name":"GERMANY"}`).has(`{"id":1,"parentId":null}`)
	x.post("locations/create", `{"name":"MUC","parentId":1}`).has(`{"id":2,"parentId":1}`)
	x.post("locations/create", `{"name":"CELLAR","parentId":0}`).has(`{"id":3}`)
	x.post("locations/create", `{"name":"MUC"}`).has(`{"id":4}`) // the same name elsewhere
	for path, id := range map[string]string{`"GERMANY"`: "1", `"GERMANY/MUC"`: "2", `GERMANY/MUC`: "2", `"/GERMANY/MUC/"`: "2",
		`"LOCAL"`: "0", `"LOCAL/CELLAR"`: "3", `"CELLAR"`: "3", `"MUC"`: "4"} {
		x.post("locations/resolveLocationToId", path).is(id)
	}
	for _, path := range []string{`"FRANCE"`, `"GERMANY/FRANCE"`, `"GERMANY/MUC/X"`, `"/"`} {
		x.post("locations/resolveLocationToId", path).refused(http.StatusNotFound, "object.not.found.id")
	}
	x.post("locations/find/", `{"parent":1}`).lists("id", `[2]`)
	x.post("locations/create", `{"id":2,"name":"x"}`).refused(http.StatusConflict, "duplicate.entry")
	x.post("locations/create", `{"name":"x","parentId":9}`).refused(http.StatusNotFound, "object.not.found.id")
	x.post("locations/update", `{"id":1,"parentId":2}`).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	x.post("locations/update", `{"id":1,"parentId":1}`).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	x.post("locations/delete", `1`).refused(http.StatusConflict, "object.in.use")
	x.post("clients/create", `{"name":"a","location":{"name":"CELLAR"}}`)
	x.post("locations/delete", `3`).refused(http.StatusConflict, "object.in.use")
	x.post("clients/update", `{"name":"a","location":null}`).has(`{"location":{"id":0,"name":"LOCAL"}}`)
	x.post("locations/delete", `3`).is("3")
	x.post("locations/update", `{"name":"GERMANY","usercomment":"x"}`).has(`{"id":1,"usercomment":"x"}`)
}

func TestGroupsAndRoles(t *testing.T) {
	x := begin(t)
	x.post("groups/create", `{"id":5,"name":"readers","enabled":true,"rolesList":["ReadOnly"],"usercomment":"c"}`).has(`{"id":5,"rolesList":["ReadOnly"]}`)
	x.get("groups").lists("id", `[0,1,2,3,4,5]`)
	x.get("groups/5/roles").lists("name", `["ReadOnly"]`)
	x.post("groups/update", `{"id":"5","name":"renamed","rolesList":["All"]}`).has(`{"id":5,"name":"renamed","rolesList":["ReadOnly"],"usercomment":"c"}`)
	if content, _ := x.state.encode(); strings.Contains(string(content), `"rolesList":["All"]`) {
		t.Error("roles that were not taken are kept")
	}
	x.post("groups/create", `{"name":"x","rolesList":["nonsense"]}`).refused(http.StatusNotFound, "object.not.found.id")
	x.get("groups").lists("id", `[0,1,2,3,4,5]`) // nothing is left of the one that failed

	rel := v1 + "roleRelations"
	x.get(rel).lists("groupId", `[5]`)
	x.post(rel, `{"groupId":5,"roleId":2}`).has(`{"id":2,"groupId":5,"roleId":2}`)
	x.post(rel, `{"groupId":5,"roleId":2}`).refused(http.StatusConflict, "duplicate.entry")
	x.post(rel, `{"groupId":9,"roleId":2}`).refused(http.StatusNotFound, "object.not.found.id")
	x.get(rel + "/2").has(`{"groupId":5}`)
	x.get("groups/5/roles").lists("id", `[1,2]`)
	x.get(rel + "/2/delete").is("2")
	x.get(rel + "/2").is("null")

	x.post("users/create", `{"name":"ada","groups":[5,"ADMIN"]}`)
	x.post("externalgroups/create", `{"externalId":"e"}`)
	x.post("externalgroups/1/groups", `[[5]]`).lists("id", `[5]`)
	x.post("groups/delete", "5").is("5")
	x.get("users/2").has(`{"groups":[{"id":1,"name":"ADMIN"}]}`)
	x.get(rel).is("[]")
	x.get("externalgroups/1/groups").is("[]")
	x.post(v1+"groups", `{"name":"old"}`).has(`{"id":5}`)
	x.get(v1 + "groups/5").has(`{"name":"old"}`)
	x.post(v1+"groups/remove", `5`).is("5")
}

func TestExternalGroups(t *testing.T) {
	x := begin(t)
	x.post("externalgroups/create", `{"externalId":"cn=a,dc=b","enabled":true}`).has(`{"id":1,"enabled":true,"type":"NONE","relation":[]}`)
	x.post("externalgroups/update", `{"id":"1","externalId":"cn=c"}`).has(`{"id":1,"externalId":"cn=c"}`)
	for _, c := range [][2]string{
		{`[["BACKUP","OPERATOR"]]`, `["OPERATOR","BACKUP"]`}, {`["OPERATOR"]`, `["OPERATOR"]`}, {`[["RESTORE",2,"RESTORE"]]`, `["OPERATOR","RESTORE"]`},
		{`[[]]`, `[]`}, {`[["OPERATOR","BACKUP"]]`, `["OPERATOR","BACKUP"]`},
	} {
		x.post("externalgroups/1/groups", c[0]).lists("name", c[1])
		x.get("externalgroups/1/groups").lists("name", c[1])
	}
	x.post("externalgroups/1/groups", `[["BACKUP","nobody"]]`).refused(http.StatusNotFound, "object.not.found.id")
	x.get("externalgroups/1/groups").lists("name", `["OPERATOR","BACKUP"]`) // as it was
	x.get(v1+"externalGroups").lists("externalId", `["cn=c"]`)
	x.get(v1+"externalGroupRelations").lists("groupId", `[2,4]`)
	x.post("externalgroups/find", `{"externalId":"cn=c","enabled":"true","type":"NONE"}`).lists("id", `[1]`)
	x.get(v1 + "externalGroups/1/delete").is("1")
	x.get(v1 + "externalGroupRelations").is("[]")
	x.post(v1+"externalGroups", `{"externalId":"n"}`).has(`{"id":1}`)
	x.post("externalgroups/delete", `1`).is("1")
}

func TestCredentials(t *testing.T) {
	x := begin(t)
	c := x.post("credentials/create", `{"type":"LDAP","secret":"s3cr3t","privateKey":"k3y","accessName":"ou=users","port":"389"}`).object()
	if !regexp.MustCompile(`^auth\.LDAP\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(c["name"].(string)) {
		t.Errorf("name %v", c["name"])
	}
	x.get("credentials/1").has(`{"secret":null,"privateKey":null,"port":389,"accessName":"ou=users"}`)
	kept := func() any {
		var v any
		_, err := (&call{server: x.server}).look(func(tx *tx) (any, error) { v = tx.byID("credentials", 1)["secret"]; return nil, nil })
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	x.post("credentials/update", `{"id":1,"hostName":"h"}`).has(`{"secret":null,"hostName":"h"}`)
	if kept() != "s3cr3t" {
		t.Error("an absent secret was taken for a change")
	}
	x.post("credentials/update", `{"id":1,"secret":null}`)
	if kept() != nil {
		t.Error("a null secret is a trap that must snap")
	}
	x.post("credentials/find", `{"type":"LDAP"}`).lists("id", `[1]`)
	x.post("credentials/find", `{"type":"AD"}`).lists("id", `[]`)
	x.post("credentials/delete", "1").is("1")
}

func TestMedia(t *testing.T) {
	x := begin(t)
	x.post("datastores/create", `{"name":"X","typeId":"Path","total":"100","used":40}`).has(`{"free":60,"total":100,"status":"OK"}`)
	x.get("drivegroups").lists("name", `["Test-Drives","ds-X"]`)
	x.post("drivegroups/resolveDriveGroupToId/", `"ds-X"`).is("2")
	x.post("mediapools/create", `{"name":"P","eol":"28","driveGroupId":"2"}`).has(`{"id":1,"eol":28,"driveGroupId":2,"driveGroupName":"ds-X"}`)
	x.post("mediapools/create", `{"name":"Q","driveGroupId":9}`).refused(http.StatusNotFound, "object.not.found.id")
	for path, want := range map[string]string{"drives": `["ds-X"]`, "driveGroups": `["ds-X"]`, "mediaPools": `["P"]`} {
		x.get("datastores/X/"+path).lists("name", want)
		x.post("datastores/X/"+path, "").lists("name", want)
	}
	x.post("media/create", `{"name":"M","poolName":"P","mediaType":"DISK"}`).has(`{"id":1,"poolName":"P"}`)
	x.post("mediapools/deleteByEntity", `{"name":"P"}`).refused(http.StatusConflict, "object.in.use")
	x.post("datastores/delete", `X`).refused(http.StatusConflict, "object.in.use")
	x.get("datastores").lists("name", `["X"]`)
	x.post("media/M/deleteForced", `{"forceRemoveData":true,"initialize":"maybe"}`).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	x.post("media/M/deleteForced", `{"forceRemoveData":true,"initialize":false}`).is(`"M"`)
	x.post("mediapools/deleteByEntity", `{"name":"P","eol":28}`).is(`"P"`)
	x.post("datastores/delete", `X`).is(`"X"`)
	x.get("drivegroups").lists("name", `["Test-Drives"]`)
	x.get("drives").lists("name", `["Test-Drive-1"]`)
	x.post("drives/1/execute", `{"action":"INIT"}`).has(`{"id":1}`)
	x.post("drives/9/execute", `{"action":"INIT"}`).refused(http.StatusNotFound, "object.not.found.id")
}

func TestClusterMode(t *testing.T) {
	x := begin(t)
	const path = "/bcm-ext/v1/cluster-mode"
	x.get(path).is(`{"mode":"standalone"}`)
	x.post(path, `{"mode":"managed"}`).is(`{"mode":"managed"}`)
	x.get(path).is(`{"mode":"managed"}`)
	x.post(path, `{"mode":"x"}`).refused(http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST")
	x.as(nil).get(path).refused(http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED")
}

func TestProfileRenamesResults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.json")
	if err := os.WriteFile(path, []byte(`{"result_fields":{"savesetId":"saveset","state":"status"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	x := begin(t, "--profile="+path)
	x.post("backups/create", `{"saveset":"S1","task":"t","status":"X"}`).has(`{"saveset":"S1","status":"ERROR"}`)
	x.post("backups/find", `{"saveset":"S1","status":"ERROR"}`).lists("saveset", `["S1"]`)
	x.post("backups/update", `{"saveset":"S1","msg":"m"}`).has(`{"saveset":"S1","msg":"m"}`)
	if _, there := x.get("backups/S1").object()["savesetId"]; there {
		t.Error("the old name is still there")
	}
}
