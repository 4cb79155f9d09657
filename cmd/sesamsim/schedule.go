package main

// schedules say when. Times of day are in milliseconds.
func schedules() *resource {
	fields := []field{
		{name: "name", required: true, max: 255},
		{name: "pBase", first: "DAILY"},
		{name: "pCount", kind: integer, first: int64(1)},
		{name: "pSubCount", kind: integer, first: int64(0)},
	}
	for _, day := range []string{"mo", "tu", "we", "th", "fr", "sa", "su"} {
		fields = append(fields, field{name: day, kind: boolean, first: false})
	}
	return (&resource{
		name: "schedules", key: "name", origin: "Schedules",
		fields: append(fields, []field{
			{name: "absFlag", kind: boolean, first: false},
			{name: "cycFlag", kind: boolean, first: false},
			{name: "startDate", kind: moment},
			{name: "startTime", kind: integer, first: int64(0)},
			{name: "duration", kind: integer},
			{name: "lifeTime", kind: integer, first: int64(0)},
			{name: "exec", kind: boolean, first: true},
			{name: "usercomment"},
		}...),
	}).complete()
}

// commands are what command events run. A fresh server has none.
func commands() *resource {
	return (&resource{
		name: "commands", key: "name",
		fields: []field{
			{name: "name", required: true, max: 255},
			{name: "owner"},
			{name: "type", first: "EXECUTE"},
			{name: "command"},
			{name: "usercomment"},
		},
	}).complete()
}
