package main

import (
	"fmt"
	"time"
)

// demonstrate fills a fresh server with content to look at.
func (s *server) demonstrate(t *tx) error {
	make := func(table string, bodies ...map[string]any) error {
		for _, b := range bodies {
			if _, err := t.create(s.state.resource(table), b); err != nil {
				return err
			}
		}
		return nil
	}
	for _, err := range []error{
		make("locations", map[string]any{"name": "GERMANY"}, map[string]any{"name": "FRANCE"},
			map[string]any{"name": "MUC", "parentId": int64(1)}),
		make("clients",
			map[string]any{"name": "web-1", "location": int64(3), "operSystem": "LINUX"},
			map[string]any{"name": "db-1", "location": int64(3), "operSystem": "LINUX"},
			map[string]any{"name": "mail-1", "location": int64(2), "operSystem": "WINDOWS", "usercomment": "Exchange"}),
		make("users", map[string]any{"name": "ada", "groups": []any{"ADMIN"}, "password": "Ada-Lovelace-1"},
			map[string]any{"name": "otto", "groups": []any{"OPERATOR"}, "password": "Otto-Lilienthal-1"},
			map[string]any{"name": "rosa", "groups": []any{"RESTORE"}, "password": "Rosa-Luxemburg-1"}),
		make("acls", map[string]any{"object": "3", "origin": "Locations",
			"value": `[{"id":3,"type":"GROUP","permissions":{"allow":"f---"}}]`}),
		make("datastores", map[string]any{"name": "STORE-1", "path": "/sesam/store-1", "used": int64(300) << 30}),
		make("mediapools", map[string]any{"name": "DISK", "eol": int64(30), "driveGroupId": int64(2)},
			map[string]any{"name": "TAPE", "eol": int64(365), "driveGroupId": int64(1)}),
		make("media", map[string]any{"name": "DISK00001", "poolName": "DISK", "mediaType": "DISK_HARD"}),
		make("schedules",
			map[string]any{"name": "DAILY-INCR", "mo": true, "tu": true, "we": true, "th": true, "fr": true, "startTime": int64(79_200_000)},
			map[string]any{"name": "WEEKLY-FULL", "pBase": "WEEKLY", "sa": true, "startTime": int64(61_200_000)}),
		make("tasks",
			map[string]any{"name": "web-files", "client": "web-1", "source": "/srv/www", "groupName": "DAILY"},
			map[string]any{"name": "db-dump", "client": "db-1", "source": "all", "groupName": "DAILY", "type": "PostgreSQL"},
			map[string]any{"name": "mail", "client": "mail-1", "source": "all", "type": "Exchange"}),
		make("backupevents",
			map[string]any{"name": "daily", "object": "DAILY", "scheduleName": "DAILY-INCR", "fdiType": "I", "mediaPool": "DISK"},
			map[string]any{"name": "weekly-mail", "object": "mail", "scheduleName": "WEEKLY-FULL", "fdiType": "F", "mediaPool": "TAPE"}),
		s.history(t),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// history makes two weeks of results, one of which has failed.
func (s *server) history(t *tx) error {
	d, m := s.state.resource("backups"), s.state.resource("migrationResults")
	for day := 14; day > 0; day-- {
		at := t.now.AddDate(0, 0, -day)
		for i, task := range []string{"db-dump", "mail", "web-files"} {
			state := "SUCCESSFUL"
			switch {
			case day == 3 && i == 1:
				state = "ERROR"
			case (day+i)%5 == 0:
				state = "INFO"
			}
			size := int64(day*7+i*3+5) << 30
			client := t.reference("clients", t.get("tasks", task).num("client"))
			length := time.Duration(10+i) * time.Minute
			_, err := t.create(d, map[string]any{"name": task, "task": task, "client": client, "state": state, "backupLevel": "FULL",
				"startTime": at.UnixMilli(), "stopTime": at.Add(length).UnixMilli(), "dataSize": size, "blocks": size / 1024,
				"throughput": size / 1024 / int64(length.Seconds()), "mediaPool": "DISK", "msg": messageOf(state)})
			if err != nil {
				return err
			}
			t.result(task, state)
		}
		if _, err := t.create(m, map[string]any{"task": map[string]any{"name": "copy-to-tape"}, "state": "SUCCESSFUL",
			"sesamDate": at.In(s.zone).Format(time.DateOnly), "sepcomment": fmt.Sprintf("%d savesets", day%4+1)}); err != nil {
			return err
		}
	}
	return nil
}
